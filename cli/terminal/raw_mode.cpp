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
std::atomic<int> g_changed_fd{-1};

bool change_terminal(int fd, void (*change)(termios&)) {
  if (isatty(fd) != 1 || tcgetattr(fd, &g_former) != 0) return false;
  termios mode = g_former;
  change(mode);
  g_changed_fd = fd;
  return tcsetattr(fd, TCSADRAIN, &mode) == 0;
}

}  // namespace

RawMode::RawMode(int fd) : active_(change_terminal(fd, [](termios& mode) { cfmakeraw(&mode); })) {}

RawMode::~RawMode() {
  if (active_) restore_terminal();
}

HiddenInput::HiddenInput(int fd)
    : active_(change_terminal(fd, [](termios& mode) {
        mode.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        mode.c_lflag |= ICANON | ECHONL;
      })) {}

HiddenInput::~HiddenInput() {
  if (active_) restore_terminal();
}

void restore_terminal() {
  const int fd = g_changed_fd.exchange(-1);
  if (fd >= 0) tcsetattr(fd, TCSADRAIN, &g_former);
}

std::optional<WindowSize> window_size(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
    return std::nullopt;
  return WindowSize{size.ws_row, size.ws_col};
}

}  // namespace bulkhead::cli
