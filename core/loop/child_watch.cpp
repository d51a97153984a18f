#include "child_watch.hpp"

#include <sys/wait.h>

namespace bulkhead::loop {

std::string ChildEnd::text() const {
  return signal ? "was killed by signal " + std::to_string(signal) : "exited with " + std::to_string(exit_code);
}

ChildWatch::ChildWatch(Loop& loop, UniqueFd pidfd, std::function<void(const ChildEnd&)> ended)
    : pidfd_(std::move(pidfd)),
      ended_(std::move(ended)),
      poll_(std::make_unique<Poll>(loop, pidfd_.get(), [this](int) { reap(); })) {
  poll_->watch(UV_READABLE);
}

void ChildWatch::reap() {
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
  poll_.reset();
  ChildEnd end;
  if (info.si_code == CLD_EXITED) {
    end.exit_code = info.si_status;
  } else {
    end.signal = info.si_status;
  }
  auto call = std::move(ended_);
  call(end);
}

}  // namespace bulkhead::loop
