// PID 1 of the VM: prepares the machine, opens the port, answers until it is told to end. See
// guest/PROTOCOL.md.
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "guest/core/router.hpp"
#include "guest/init/agent.hpp"
#include "guest/init/clock.hpp"
#include "guest/init/console.hpp"
#include "guest/init/early_boot.hpp"
#include "guest/init/init_disk.hpp"
#include "guest/init/loop.hpp"
#include "guest/init/port.hpp"
#include "guest/init/shutdown.hpp"
#include "guest/init/virtio_devices.hpp"

namespace bulkhead::guest {
namespace {

constexpr std::string_view kPortName = "org.bulkhead.agent";
// How long the answer to the request that ends the VM may take to leave it.
constexpr int64_t kFarewellUs = 1'000'000;

// SIGCHLD is read from a descriptor, SIGPIPE is an errno, and no other signal is for PID 1. Blocked
// rather than ignored: what is ignored stays so in every program it starts.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

void serve(UniqueFd stream) {
  Loop loop;
  Agent agent(loop);
  Router router(agent);
  Port port(loop, router, std::move(stream));
  if (auto status = agent.watch_children(); !status) die(status.error().message);
  if (auto status = port.watch(); !status) die(status.error().message);
  int timeout = -1;
  while (!agent.wants_shutdown()) {
    loop.turn(timeout);
    timeout = agent.settle();
    port.flush();
  }
  for (int64_t deadline = steady_us() + kFarewellUs;
       !port.has_sent_all() && steady_us() < deadline;) {
    loop.turn(10);
    port.flush();
  }
  end_machine();
}

void run() {
  if (getpid() != 1) die("this program is the init of a virtual machine");
  std::string command_line = read_command_line();
  // The accelerator's probe: this line on the console is all it waits for.
  if (has_word(command_line, "bulkhead.probe=1")) die("guest ready");
  // Another init's turn, if its disk is there: not a second time, when it is this very program.
  if (has_word(command_line, "bulkhead.initdisk=1") && is_initramfs()) {
    die(enter_init_disk().error().message);
  }
  // A program of the container that sees this process, or its children before execve, can't look
  // into it.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  block_signals();
  if (auto status = prepare_machine(); !status) die(status.error().message);
  if (has_word(command_line, "bulkhead.template=1")) unbind_devices();
  auto stream = open_virtio_port(kPortName);
  if (!stream) die(stream.error().message);
  serve(std::move(*stream));
}

}  // namespace
}  // namespace bulkhead::guest

int main() {
  bulkhead::guest::run();
}
