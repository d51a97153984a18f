// Jobs that run beside each other, each on a thread of its own: they wait for a network most of the
// time, and some wait for others. How many there are at once is for whoever posts them.
#pragma once

#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace bulkhead::storage {

class Crew {
 public:
  Crew() = default;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew();  // after everything that was posted has run

  void post(std::function<void()> job);

 private:
  struct Worker {
    std::thread thread;
    bool done = false;
  };
  void join_done();

  std::mutex mutex_;
  std::list<Worker> workers_;
};

}  // namespace bulkhead::storage
