#include "loop_thread.hpp"

#include <csignal>

namespace bulkhead::loop {

LoopThread::LoopThread(std::function<void(const char* what)> caught) {
  loop_.on_exception(std::move(caught));
  wake_ = std::make_unique<Async>(loop_, [this] { run_posted(); });
  thread_ = std::thread([this] {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    loop_.run();
    wake_.reset();
  });
}

void LoopThread::post(std::function<void()> call) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    posted_.push_back(std::move(call));
  }
  wake_->send();
}

void LoopThread::stop(std::function<void()> last) {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    if (last) posted_.push_back(std::move(last));
    stopping_ = true;
    wake_->send();  // under the lock: the thread may be about to end, and this handle with it
  }
  thread_.join();
}

void LoopThread::run_posted() {
  std::deque<std::function<void()>> calls;
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(posted_);
    stopping = stopping_;
  }
  for (const auto& call : calls) Loop::guarded(loop_.raw(), call);
  if (stopping) loop_.stop();
}

}  // namespace bulkhead::loop
