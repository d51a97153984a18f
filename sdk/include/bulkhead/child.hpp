// Starting another program, from a process that may have threads.
//
// Between fork and exec only async-signal-safe calls are allowed, so everything that allocates
// (arguments, environment, the search in PATH) happens before the fork. The child gets exactly the
// descriptors it was promised: every other one is marked close-on-exec in the child, whatever
// another thread opened in the meantime. Signals are as a login shell would have them: none
// blocked, none ignored. A failure of exec is the caller's error with the system's reason, not a
// dead child to puzzle over.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead {

struct ChildFd {
  int number = 0;  // in the child
  int fd = -1;     // of the parent; stays the parent's
};

struct ChildSpec {
  std::vector<std::string> argv;  // argv[0]: a path, or a name that is looked for in PATH
  std::optional<std::vector<std::string>> env;  // "K=V"; without it the parent's
  std::vector<ChildFd> fds;                     // 0, 1 and 2 are /dev/null unless named here
  std::string cwd;                              // empty: the parent's
  bool new_session = false;  // out of reach of the parent's terminal and its signals
  int death_signal = 0;      // sent when the calling *thread* ends, however; 0: none
};

struct Child {
  pid_t pid = -1;
  UniqueFd pidfd;  // readable once the child has ended; whoever started it reaps it
};

Result<Child> spawn_child(const ChildSpec& spec);

// How a child ended.
struct ChildExit {
  int code = 0;    // of exit(), if signal is 0
  int signal = 0;  // that killed it, or 0

  bool clean() const { return code == 0 && signal == 0; }
  std::string text() const;  // "exited with status 3", "was killed by signal 9 (Killed)"
};

// Reaps the child of this pidfd. Nothing if it still runs and `wait` is false; kNotFound if it is
// no child of ours.
Result<std::optional<ChildExit>> reap_child(int pidfd, bool wait);

}  // namespace bulkhead
