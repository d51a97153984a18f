#include "work.hpp"

#include <memory>

namespace bulkhead::loop {
namespace {

struct Job {
  uv_work_t request{};
  std::function<void()> blocking;
  std::function<void()> then;
};

}  // namespace

void run_blocking(Loop& loop, std::function<void()> blocking, std::function<void()> then) {
  auto* job = new Job{{}, std::move(blocking), std::move(then)};
  job->request.data = job;
  uv_queue_work(
      loop.raw(), &job->request, [](uv_work_t* request) { static_cast<Job*>(request->data)->blocking(); },
      [](uv_work_t* request, int) {
        std::unique_ptr<Job> owned(static_cast<Job*>(request->data));
        owned->then();
      });
}

}  // namespace bulkhead::loop
