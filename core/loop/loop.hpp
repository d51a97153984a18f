// The event loop. libuv does the work; this room only makes its life-cycle rules impossible to break:
//
//  1. A handle belongs to the object that made it, and only the loop's thread touches it. The one exception is Async::send().
//  2. Destroying the object closes the handle. libuv goes on needing the memory until its close callback, so the uv struct
//     lives in a box that the loop frees then; the object itself may be gone long before.
//  3. A callback may destroy the object it was called through. Nothing of the object is used after a callback returns, unless
//     it is known to live.
//  4. No callback comes after the destructor, and none from within a constructor or start().
//  5. When a Loop is destroyed, no handle is left; a debug build aborts if one is, because its owner would be leaked.
//
// No coroutines: a frame is hidden state that neither survives a crash nor replays.
#pragma once

#include <uv.h>

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

  uv_loop_t* raw() { return &loop_; }

 private:
  uv_loop_t loop_;
};

}  // namespace bulkhead::loop
