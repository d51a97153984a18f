#include "handles.hpp"

namespace bulkhead::loop {

// Each callback is copied before it is called: it may destroy the object that holds it (rule 3).

Async::Async(Loop& loop, std::function<void()> callback) : callback_(std::move(callback)), handle_(this) {
  uv_async_init(loop.raw(), handle_.get(), [](uv_async_t* handle) {
    auto* self = Boxed<uv_async_t>::owner_of<Async>(handle);
    if (!self) return;
    auto call = self->callback_;
    call();
  });
}

Timer::Timer(Loop& loop, std::function<void()> callback) : callback_(std::move(callback)), handle_(this) {
  uv_timer_init(loop.raw(), handle_.get());
}

void Timer::start(uint64_t milliseconds, uint64_t repeat_milliseconds) {
  uv_update_time(handle_.get()->loop);
  uv_timer_start(
      handle_.get(),
      [](uv_timer_t* handle) {
        auto* self = Boxed<uv_timer_t>::owner_of<Timer>(handle);
        if (!self) return;
        auto call = self->callback_;
        call();
      },
      milliseconds, repeat_milliseconds);
}

Signal::Signal(Loop& loop, int signal, std::function<void()> callback)
    : callback_(std::move(callback)), handle_(this) {
  uv_signal_init(loop.raw(), handle_.get());
  uv_signal_start(
      handle_.get(),
      [](uv_signal_t* handle, int) {
        auto* self = Boxed<uv_signal_t>::owner_of<Signal>(handle);
        if (!self) return;
        auto call = self->callback_;
        call();
      },
      signal);
}

Poll::Poll(Loop& loop, int fd, std::function<void(int)> callback) : callback_(std::move(callback)), handle_(this) {
  uv_poll_init(loop.raw(), handle_.get(), fd);
}

void Poll::watch(int events) {
  if (events == events_) return;
  events_ = events;
  if (events == 0) {
    uv_poll_stop(handle_.get());
    return;
  }
  uv_poll_start(handle_.get(), events, [](uv_poll_t* handle, int status, int ready) {
    auto* self = Boxed<uv_poll_t>::owner_of<Poll>(handle);
    if (!self) return;
    auto call = self->callback_;
    // An error is for the owner's next read or write to find.
    call(status < 0 ? UV_READABLE | UV_WRITABLE : ready);
  });
}

}  // namespace bulkhead::loop
