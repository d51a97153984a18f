// `container`: sets the stage for a command and turns its end into an exit status.
//
// SIGPIPE keeps its default: a command whose reader has gone ends, as commands do.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "command/context.hpp"
#include "command/dispatch.hpp"
#include "terminal/interrupt.hpp"

namespace {

using namespace bulkhead::cli;

// A program started with a standard stream closed would get its sockets there, and its output into
// them.
void fill_standard_streams() {
  int fd = 0;
  do {
    fd = open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

int run(std::vector<std::string> words) {
  Context context;
  if (context.environment("CONTAINER_AUTOSTART") == "0") context.service.forbid_start();
  context.service.on_start([&context] {
    if (context.debug) context.err.line("debug: the service isn't running and is started");
  });
  const int status = dispatch(context, std::move(words));
  if (context.out.failure() != 0 && status == 0) {
    context.err.line(std::string("Error: write to standard output: ") +
                     std::strerror(context.out.failure()));
    return 1;
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_streams();
  install_interrupt_handler();
  try {
    return run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Error: unexpected: %s\n", error.what());
    return 1;
  }
}
