// A thread that does one thing after the other. The plugin has two: one for archives, which take
// seconds and are limited by the machine anyway, and one for everything else, so that a container
// can be created while an image loads.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace bulkhead::storage {

// For a thread's beginning: a client that goes away while an archive is written to it is an error
// of that write, not of this process.
void block_sigpipe();

class Lane {
 public:
  Lane() : thread_([this] { run(); }) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();  // after everything that was posted has run

  void post(std::function<void()> job);

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace bulkhead::storage
