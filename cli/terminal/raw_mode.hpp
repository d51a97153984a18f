// The user's terminal while a process in a container has it: raw, so that every key goes to the
// container's own terminal, which echoes and edits. And its size.
#pragma once

#include <cstdint>
#include <optional>

namespace bulkhead::cli {

class RawMode {
 public:
  // Does nothing if `fd` isn't a terminal.
  explicit RawMode(int fd);
  ~RawMode();
  RawMode(const RawMode&) = delete;
  RawMode& operator=(const RawMode&) = delete;

  bool active() const { return active_; }

 private:
  bool active_ = false;
};

// Undoes a RawMode that is in force; async-signal-safe.
void restore_terminal();

struct WindowSize {
  uint16_t rows = 0;
  uint16_t columns = 0;
};

// The size of the terminal at `fd`; nothing if it isn't one or doesn't know.
std::optional<WindowSize> window_size(int fd);

}  // namespace bulkhead::cli
