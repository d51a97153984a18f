// The descriptors of one turn of the network's thread. Everything that waits for something fills in
// what for, poll(2) waits once for all, and everybody looks at what came.
//
// Not core/loop: libslirp is made for poll(2), hands out a new list of descriptors in each turn and
// closes them when it likes.
#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace bulkhead::network {

class PollSet {
 public:
  void clear() {
    fds_.clear();
    timeout_ms_ = kLongest;
  }
  // The place of the descriptor, for events().
  int add(int fd, short events) {
    fds_.push_back({fd, events, 0});
    return static_cast<int>(fds_.size() - 1);
  }
  void at_most(int64_t milliseconds) {
    timeout_ms_ = std::min(timeout_ms_, std::max<int64_t>(milliseconds, 0));
  }
  int64_t timeout_ms() const { return timeout_ms_; }

  // Returns when something came, or the time is over.
  int wait() { return poll(fds_.data(), fds_.size(), static_cast<int>(timeout_ms_)); }
  short events(int place) const {
    return place < 0 || std::size_t(place) >= fds_.size() ? short{0}
                                                          : fds_[std::size_t(place)].revents;
  }

 private:
  static constexpr int64_t kLongest = 60'000;
  std::vector<pollfd> fds_;
  int64_t timeout_ms_ = kLongest;
};

}  // namespace bulkhead::network
