#include "terminal/raw_mode.hpp"

#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <atomic>

namespace bulkhead::cli {

namespace {

// Shared with the signal handler of terminal/interrupt.cpp: written before the descriptor says that
// it counts.
termios g_former;
std::atomic<int> g_raw_fd{-1};

}  // namespace

RawMode::RawMode(int fd) {
  if (isatty(fd) != 1 || tcgetattr(fd, &g_former) != 0) return;
  termios raw = g_former;
  cfmakeraw(&raw);
  g_raw_fd = fd;
  active_ = tcsetattr(fd, TCSADRAIN, &raw) == 0;
}

RawMode::~RawMode() {
  if (active_) restore_terminal();
}

void restore_terminal() {
  const int fd = g_raw_fd.exchange(-1);
  if (fd >= 0) tcsetattr(fd, TCSADRAIN, &g_former);
}

std::optional<WindowSize> window_size(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
    return std::nullopt;
  return WindowSize{size.ws_row, size.ws_col};
}

}  // namespace bulkhead::cli
