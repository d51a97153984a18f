// The event loop. libuv does the work; this room only makes its life-cycle rules impossible to
// break:
//
//  1. A handle belongs to the object that made it, and only the loop's thread touches it. The one
//     exception is Async::send().
//  2. Destroying the object closes the handle. libuv goes on needing the memory until its close
//     callback, so the uv struct lives in a box that the loop frees then; the object itself may be
//     gone long before.
//  3. A callback may destroy the object it was called through. Nothing of the object is used after
//     a callback returns, unless it is known to live.
//  4. No callback comes after the destructor, and none from within a constructor, start() or
//     watch().
//  5. When a Loop is destroyed, no handle is left; a debug build aborts if one is, because its
//     owner would be leaked. Work still under way is waited for, and its continuation dropped.
//  6. What a callback throws ends at the loop: C code must not be unwound. It is a bug, and the
//     loop's owner decides what a bug costs (on_exception); without a decision, the process.
//
// No coroutines: a frame is hidden state that neither survives a crash nor replays.
#pragma once

#include <uv.h>

#include <exception>
#include <functional>
#include <utility>

namespace bulkhead::loop {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();   // until stop() or until nothing is left to wait for
  void stop();  // run() returns after this iteration
  // One round without waiting; for tests.
  void run_once() { uv_run(&loop_, UV_RUN_NOWAIT); }

  void on_exception(std::function<void(const char* what)> handler) {
    handler_ = std::move(handler);
  }
  // Rule 6: every callback of this room is called through here.
  template <class Call, class... Arguments>
  static void guarded(uv_loop_t* loop, Call& call, Arguments&&... arguments) noexcept {
    try {
      call(std::forward<Arguments>(arguments)...);
    } catch (const std::exception& thrown) {
      caught(loop, thrown.what());
    } catch (...) {
      caught(loop, "an unknown exception");
    }
  }

  bool closing() const { return closing_; }
  uv_loop_t* raw() { return &loop_; }

 private:
  static void caught(uv_loop_t* loop, const char* what);

  uv_loop_t loop_;
  bool closing_ = false;
  std::function<void(const char*)> handler_;
};

}  // namespace bulkhead::loop
