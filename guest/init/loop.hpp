// One thread, one epoll: everything PID 1 waits for is a descriptor watched here.
//
// A handler may forget any descriptor, its own included, and watch new ones: an event that was
// already fetched for a descriptor forgotten since is dropped, even when the number has been given
// out again (the generation tells). Descriptors are forgotten before they are closed; closing isn't
// enough, because a child that is still on its way to execve holds a copy and with it the
// registration.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <unordered_map>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::guest {

class Loop {
 public:
  using Handler = std::function<void(uint32_t events)>;

  Loop();
  Status watch(int fd, uint32_t events, Handler handler);
  // Other events for a descriptor that is watched.
  void change(int fd, uint32_t events);
  void forget(int fd);

  // Waits at most that long (-1: for ever) and handles what has happened.
  void turn(int timeout_ms);

 private:
  struct Watch {
    uint32_t generation;
    Handler handler;
  };

  UniqueFd epoll_;
  uint32_t generation_ = 0;
  std::unordered_map<int, Watch> watches_;
};

}  // namespace bulkhead::guest
