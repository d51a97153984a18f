#include "crew.hpp"

#include <utility>

#include "lane.hpp"

namespace bulkhead::storage {

Crew::~Crew() {
  for (Worker& worker : workers_) {
    if (worker.thread.joinable()) worker.thread.join();  // not, where the system had no thread
  }
}

void Crew::post(std::function<void()> job) {
  join_done();
  const std::lock_guard lock(mutex_);
  Worker& worker = workers_.emplace_back();
  worker.thread = std::thread([this, &worker, job = std::move(job)] {
    block_sigpipe();
    job();
    const std::lock_guard done(mutex_);
    worker.done = true;
  });
}

// They have nothing left to do but to return.
void Crew::join_done() {
  const std::lock_guard lock(mutex_);
  workers_.remove_if([](Worker& worker) {
    if (worker.done) worker.thread.join();
    return worker.done;
  });
}

}  // namespace bulkhead::storage
