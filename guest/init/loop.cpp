#include "guest/init/loop.hpp"

#include <array>

#include "guest/core/errors.hpp"

namespace bulkhead::guest {
namespace {

epoll_event event_for(int fd, uint32_t generation, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = uint64_t{generation} << 32 | static_cast<uint32_t>(fd);
  return event;
}

}  // namespace

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

Status Loop::watch(int fd, uint32_t events, Handler handler) {
  epoll_event event = event_for(fd, ++generation_, events);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_now("watch");
  watches_.insert_or_assign(fd, Watch{generation_, std::move(handler)});
  return {};
}

void Loop::change(int fd, uint32_t events) {
  auto found = watches_.find(fd);
  if (found == watches_.end()) return;
  epoll_event event = event_for(fd, found->second.generation, events);
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::forget(int fd) {
  if (watches_.erase(fd) > 0) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Loop::turn(int timeout_ms) {
  std::array<epoll_event, 16> events;
  int count = epoll_wait(epoll_.get(), events.data(), events.size(), timeout_ms);
  for (int i = 0; i < count; i++) {
    auto found = watches_.find(static_cast<int>(events[i].data.u64 & UINT32_MAX));
    if (found == watches_.end() || found->second.generation != events[i].data.u64 >> 32) continue;
    // A copy, because the handler may forget itself.
    Handler handler = found->second.handler;
    handler(events[i].events);
  }
}

}  // namespace bulkhead::guest
