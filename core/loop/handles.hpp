// The small handles: Async (wake the loop from another thread), Timer, Signal, Poll (readiness of a
// descriptor).
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "loop.hpp"

namespace bulkhead::loop {

// Rule 2 of loop.hpp: the uv struct and the way back to its owner, freed by libuv's close callback.
template <class Uv>
struct Box {
  Uv handle{};
  void* owner = nullptr;
};

template <class Uv>
class Boxed {
 public:
  explicit Boxed(void* owner) : box_(new Box<Uv>) {
    box_->owner = owner;
    box_->handle.data = box_;
  }
  ~Boxed() {
    box_->owner = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&box_->handle),
             [](uv_handle_t* handle) { delete static_cast<Box<Uv>*>(handle->data); });
  }
  Boxed(const Boxed&) = delete;
  Boxed& operator=(const Boxed&) = delete;
  Uv* get() { return &box_->handle; }

  template <class Owner>
  static Owner* owner_of(Uv* handle) {
    return static_cast<Owner*>(static_cast<Box<Uv>*>(handle->data)->owner);
  }

 private:
  Box<Uv>* box_;
};

class Async {
 public:
  Async(Loop& loop, std::function<void()> callback);
  void send() { uv_async_send(handle_.get()); }  // [any-thread]; several sends may be one callback

 private:
  std::function<void()> callback_;
  Boxed<uv_async_t> handle_;
};

class Timer {
 public:
  Timer(Loop& loop, std::function<void()> callback);
  void start(uint64_t milliseconds, uint64_t repeat_milliseconds = 0);
  void stop() { uv_timer_stop(handle_.get()); }
  bool active() { return uv_is_active(reinterpret_cast<uv_handle_t*>(handle_.get())) != 0; }
  void unref() { uv_unref(reinterpret_cast<uv_handle_t*>(handle_.get())); }

 private:
  std::function<void()> callback_;
  Boxed<uv_timer_t> handle_;
};

class Signal {
 public:
  Signal(Loop& loop, int signal, std::function<void()> callback);

 private:
  std::function<void()> callback_;
  Boxed<uv_signal_t> handle_;
};

// Readiness of a descriptor that somebody else owns and closes after this object is gone. A socket,
// a pipe, a terminal or the like: a file is always ready, and to poll one is a bug that ends the
// process.
class Poll {
 public:
  Poll(Loop& loop, int fd, std::function<void(int events)> callback);  // UV_READABLE | UV_WRITABLE
  void watch(int events);                                              // 0: nothing

 private:
  void begin();

  std::function<void(int)> callback_;
  int events_ = 0;
  Boxed<uv_poll_t> handle_;
};

}  // namespace bulkhead::loop
