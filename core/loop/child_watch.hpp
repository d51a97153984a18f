// Waits for one child by its pidfd and reaps it: no SIGCHLD handler, so nobody else's children are
// touched.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bulkhead/unique_fd.hpp"
#include "handles.hpp"

namespace bulkhead::loop {

struct ChildEnd {
  int exit_code = -1;  // -1 if a signal ended it, or if nobody can know
  int signal = 0;
  std::string text() const;  // "exited with status 1", "was killed by signal 9", "ended"
};

class ChildWatch {
 public:
  ChildWatch(Loop& loop, UniqueFd pidfd, std::function<void(const ChildEnd&)> ended);

 private:
  void reap();

  UniqueFd pidfd_;
  std::function<void(const ChildEnd&)> ended_;
  std::unique_ptr<Poll> poll_;
};

}  // namespace bulkhead::loop
