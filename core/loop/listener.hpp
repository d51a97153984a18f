// Accepts connections on a listening Unix socket, made by listen_unix() of the sdk.
#pragma once

#include <functional>

#include "bulkhead/unique_fd.hpp"
#include "handles.hpp"

namespace bulkhead::loop {

class Listener {
 public:
  Listener(Loop& loop, UniqueFd listening, std::function<void(UniqueFd)> accepted);

 private:
  void accept_all();

  Loop& loop_;
  UniqueFd fd_;
  std::function<void(UniqueFd)> accepted_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Timer pause_;  // out of descriptors: accept again a little later instead of spinning
  Poll poll_;

 public:
  ~Listener() { *alive_ = false; }
};

}  // namespace bulkhead::loop
