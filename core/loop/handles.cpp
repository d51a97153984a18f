#include "handles.hpp"

#include <cstdio>
#include <cstdlib>

namespace bulkhead::loop {

// Each callback is copied before it is called: it may destroy the object that holds it (rule 3).

Async::Async(Loop& loop, std::function<void()> callback)
    : callback_(std::move(callback)), handle_(this) {
  uv_async_init(loop.raw(), handle_.get(), [](uv_async_t* handle) {
    const auto* self = Boxed<uv_async_t>::owner_of<Async>(handle);
    if (self == nullptr) return;
    auto call = self->callback_;
    Loop::guarded(handle->loop, call);
  });
}

Timer::Timer(Loop& loop, std::function<void()> callback)
    : callback_(std::move(callback)), handle_(this) {
  uv_timer_init(loop.raw(), handle_.get());
}

void Timer::start(uint64_t milliseconds, uint64_t repeat_milliseconds) {
  // The loop's idea of "now" may be old if a callback took long.
  uv_update_time(handle_.get()->loop);
  uv_timer_start(
      handle_.get(),
      [](uv_timer_t* handle) {
        const auto* self = Boxed<uv_timer_t>::owner_of<Timer>(handle);
        if (self == nullptr) return;
        auto call = self->callback_;
        Loop::guarded(handle->loop, call);
      },
      milliseconds, repeat_milliseconds);
}

Signal::Signal(Loop& loop, int signal, std::function<void()> callback)
    : callback_(std::move(callback)), handle_(this) {
  uv_signal_init(loop.raw(), handle_.get());
  uv_signal_start(
      handle_.get(),
      [](uv_signal_t* handle, int) {
        const auto* self = Boxed<uv_signal_t>::owner_of<Signal>(handle);
        if (self == nullptr) return;
        auto call = self->callback_;
        Loop::guarded(handle->loop, call);
      },
      signal);
}

Poll::Poll(Loop& loop, int fd, std::function<void(int)> callback)
    : callback_(std::move(callback)), handle_(this) {
  const int error = uv_poll_init(loop.raw(), handle_.get(), fd);
  if (error == 0) return;
  std::fprintf(stderr, "descriptor %d can't be polled: %s\n", fd, uv_strerror(error));
  std::abort();
}

void Poll::watch(int events) {
  if (events == events_) return;
  events_ = events;
  if (events == 0) {
    uv_poll_stop(handle_.get());
    return;
  }
  begin();
}

void Poll::begin() {
  uv_poll_start(handle_.get(), events_, [](uv_poll_t* handle, int status, int ready) {
    auto* self = Boxed<uv_poll_t>::owner_of<Poll>(handle);
    if (self == nullptr) return;
    auto call = self->callback_;
    // libuv gives a descriptor up when it reports an error. There may be bytes to read before it,
    // and the error itself is for the owner's read or write to find.
    if (status < 0) self->begin();
    Loop::guarded(handle->loop, call, status < 0 ? UV_READABLE | UV_WRITABLE : ready);
  });
}

}  // namespace bulkhead::loop
