#include "support/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>

namespace bulkhead::cli::testing {

Terminal::Terminal() : outside_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  if (grantpt(outside_.get()) != 0 || unlockpt(outside_.get()) != 0) abort();
  inside_.reset(open(ptsname(outside_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
}

void Terminal::type(const std::string& keys) const {
  if (write(outside_.get(), keys.data(), keys.size()) < 0) abort();
}

void Terminal::resize(unsigned short rows, unsigned short columns) const {
  const winsize size{rows, columns, 0, 0};
  ioctl(outside_.get(), TIOCSWINSZ, &size);
}

std::string Terminal::read_until(const std::string& text) {
  std::string shown;
  while (shown.find(text) == std::string::npos) {
    pollfd waiting{outside_.get(), POLLIN, 0};
    char piece[4096];
    if (poll(&waiting, 1, 5000) <= 0) break;
    const ssize_t count = read(outside_.get(), piece, sizeof piece);
    if (count <= 0) break;
    shown.append(piece, static_cast<size_t>(count));
  }
  return shown;
}

bool Terminal::echoes() const {
  termios mode{};
  return tcgetattr(inside_.get(), &mode) == 0 && (mode.c_lflag & ECHO) != 0;
}

}  // namespace bulkhead::cli::testing
