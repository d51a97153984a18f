// What a host has to report, numbered and kept until the daemon acknowledges it.
//
// Invariants. Reports are numbered 1, 2, 3, ... in the order in which they were added, for the life
// of the process. A report is kept until acknowledged, in any order. take_unsent() hands out each
// kept report once per connection, in order; after rewind() it begins again with the oldest one
// kept, so that each new connection hears everything that isn't journaled yet. Whoever repeats is
// safe: the daemon tells repetitions by their numbers.
//
// [any-thread]: a plugin reports from threads of its own.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::plugins {

class Outbox {
 public:
  struct Message {
    std::string frame;
    std::vector<UniqueFd> fds;
  };

  void add_completion(uint64_t op, std::string_view result, const Error* error,
                      std::vector<UniqueFd> fds);
  void add_event(std::string_view type, std::string_view event);

  void ack(uint64_t report);
  void rewind();
  std::vector<Message> take_unsent();
  bool empty() const;

 private:
  mutable std::mutex mutex_;
  uint64_t last_ = 0;  // number given last
  uint64_t sent_ = 0;  // handed out on this connection up to here
  std::map<uint64_t, Message> kept_;
};

}  // namespace bulkhead::plugins
