// The user's terminal in another mode than the shell's: raw while a process in a container has it,
// so that every key goes to the container's own terminal, which echoes and edits; or without echo
// while a password is typed. And its size.
//
// One mode at a time; an interrupt that ends the program undoes it (terminal/interrupt.hpp).
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

// Lines are edited as usual, but of what is typed only the line's end is shown.
class HiddenInput {
 public:
  explicit HiddenInput(int fd);
  ~HiddenInput();
  HiddenInput(const HiddenInput&) = delete;
  HiddenInput& operator=(const HiddenInput&) = delete;

  // False if `fd` isn't a terminal: then nothing is hidden.
  bool active() const { return active_; }

 private:
  bool active_ = false;
};

// Undoes the mode that is in force; async-signal-safe.
void restore_terminal();

struct WindowSize {
  uint16_t rows = 0;
  uint16_t columns = 0;
};

// The size of the terminal at `fd`; nothing if it isn't one or doesn't know.
std::optional<WindowSize> window_size(int fd);

}  // namespace bulkhead::cli
