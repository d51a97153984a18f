// Accepts connections on a listening Unix socket, made by listen_unix() of the sdk. Without
// descriptors to spare it rests for a moment instead of spinning; whoever waits to be accepted is
// not lost.
#pragma once

#include <functional>
#include <memory>

#include "bulkhead/unique_fd.hpp"
#include "handles.hpp"

namespace bulkhead::loop {

class Listener {
 public:
  // What is accepted is non-blocking and close-on-exec.
  Listener(Loop& loop, UniqueFd listening, std::function<void(UniqueFd)> accepted);
  ~Listener() { *alive_ = false; }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  void accept_all();

  UniqueFd fd_;
  std::function<void(UniqueFd)> accepted_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // rule 3
  Timer pause_;
  Poll poll_;  // last: closed before the descriptor
};

}  // namespace bulkhead::loop
