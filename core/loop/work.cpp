#include "work.hpp"

#include <exception>
#include <memory>

namespace bulkhead::loop {
namespace {

struct Job {
  uv_work_t request{};
  std::function<void()> blocking;
  std::function<void()> then;
  std::exception_ptr thrown;  // to be reported on the loop, where the barrier is
};

void run(uv_work_t* request) {
  Job& job = *static_cast<Job*>(request->data);
  try {
    job.blocking();
  } catch (...) {
    job.thrown = std::current_exception();
  }
}

void finish(uv_work_t* request, int) {
  const std::unique_ptr<Job> job(static_cast<Job*>(request->data));
  if (static_cast<Loop*>(request->loop->data)->closing()) return;
  auto call = [&job] {
    if (job->thrown) std::rethrow_exception(job->thrown);
    job->then();
  };
  Loop::guarded(request->loop, call);
}

}  // namespace

void run_blocking(Loop& loop, std::function<void()> blocking, std::function<void()> then) {
  auto* job = new Job{{}, std::move(blocking), std::move(then), {}};
  job->request.data = job;
  uv_queue_work(loop.raw(), &job->request, run, finish);
}

}  // namespace bulkhead::loop
