// A loop on a thread of its own, for code that must not wait on its caller's thread: a plugin,
// whose host calls it on a loop that isn't its own.
//
// What is posted runs on the thread, in order. Handles on the loop belong to the thread: they are
// made in what is posted, and gone when stop()'s last call returns. Signals are blocked there; they
// are the process's.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "handles.hpp"

namespace bulkhead::loop {

class LoopThread {
 public:
  // `caught`: what a callback threw (rule 6 of loop.hpp), on the thread.
  explicit LoopThread(std::function<void(const char* what)> caught);
  ~LoopThread() { stop({}); }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  void post(std::function<void()> call);  // [any-thread]
  // Runs `last` after all that was posted, and returns when the thread has ended. The first call
  // counts.
  void stop(std::function<void()> last);
  Loop& loop() { return loop_; }  // for what is posted

 private:
  void run_posted();

  std::mutex mutex_;  // guards the next two
  std::deque<std::function<void()>> posted_;
  bool stopping_ = false;

  Loop loop_;
  std::unique_ptr<Async> wake_;
  std::thread thread_;
};

}  // namespace bulkhead::loop
