#include "io/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace bulkhead::cli {

void Output::write(std::string_view text) {
  while (!text.empty() && failure_ == 0) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd waiting{fd_, POLLOUT, 0};
      poll(&waiting, 1, -1);
    } else if (errno != EINTR) {
      failure_ = errno;
    }
  }
}

void Output::line(std::string_view text) {
  std::string whole(text);
  whole += '\n';
  write(whole);
}

bool Output::is_terminal() const {
  return isatty(fd_) == 1;
}

}  // namespace bulkhead::cli
