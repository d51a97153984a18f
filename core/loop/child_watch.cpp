#include "child_watch.hpp"

#include <sys/wait.h>

#include <cerrno>

namespace bulkhead::loop {

std::string ChildEnd::text() const {
  if (signal != 0) return "was killed by signal " + std::to_string(signal);
  return exit_code < 0 ? "ended" : "exited with status " + std::to_string(exit_code);
}

ChildWatch::ChildWatch(Loop& loop, UniqueFd pidfd, std::function<void(const ChildEnd&)> ended)
    : pidfd_(std::move(pidfd)),
      ended_(std::move(ended)),
      poll_(std::make_unique<Poll>(loop, pidfd_.get(), [this](int) { reap(); })) {
  poll_->watch(UV_READABLE);
}

void ChildWatch::reap() {
  siginfo_t info{};
  const int result = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
  if (result != 0 && errno == EINTR) return;
  if (result == 0 && info.si_pid == 0) return;
  ChildEnd end;
  // If somebody else has reaped it, how it ended is unknown, but not that it did.
  if (result == 0 && info.si_code == CLD_EXITED) {
    end.exit_code = info.si_status;
  } else if (result == 0) {
    end.signal = info.si_status;
  }
  poll_.reset();
  const auto call = std::move(ended_);
  call(end);
}

}  // namespace bulkhead::loop
