// Signals as bytes in a pipe, so that a poll loop sees them beside everything else. A self-pipe
// rather than signalfd, because macOS has no signalfd.
//
// While a SignalQueue lives, its signals do nothing but enter the pipe; afterwards they act as
// before. There is at most one at a time.
#pragma once

#include <csignal>
#include <optional>
#include <span>
#include <vector>

#include "bulkhead/unique_fd.hpp"

namespace bulkhead::cli {

class SignalQueue {
 public:
  explicit SignalQueue(std::span<const int> signals);
  ~SignalQueue();
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  int fd() const { return read_end_.get(); }
  // The next signal that has arrived; nothing if there is none. Never blocks.
  std::optional<int> next();

 private:
  UniqueFd read_end_;
  UniqueFd write_end_;
  std::vector<std::pair<int, struct sigaction>> former_;
};

}  // namespace bulkhead::cli
