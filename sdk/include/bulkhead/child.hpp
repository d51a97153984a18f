// Starting a program, from a process that may have threads. By hand, because posix_spawn can
// neither set a parent-death signal nor close everything else, and the two are what keeps a killed
// host from leaving its VM behind and a container's descriptors from leaking into QEMU.
//
// Between fork and exec only async-signal-safe calls are allowed, so all that allocates (arguments,
// environment, the search in PATH) happens before the fork. The child gets exactly the descriptors
// it was promised: every other one is marked close-on-exec in the child, whatever another thread
// opened in the meantime. Signals are as a login shell would have them: none blocked, none ignored.
// A failure of exec is the caller's error with the system's reason, not a dead child to puzzle
// over.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead {

struct Program {
  // arguments[0] is looked up in PATH unless it has a '/'.
  std::vector<std::string> arguments = {};
  // Set on top of ours.
  std::vector<std::pair<std::string, std::string>> environment = {};
  // {the child's number, our descriptor}; 0, 1 and 2 are /dev/null where not given.
  std::vector<std::pair<int, int>> fds = {};
  std::string directory = {};   // empty: ours
  bool new_session = false;     // survives our terminal and our death
  int parent_death_signal = 0;  // sent when the *thread* that spawned it ends; 0: none
  // It is process 1 of a process namespace of its own, so that whatever it starts dies with it.
  // Needs CAP_SYS_ADMIN, as does:
  bool own_processes = false;
  // A folder that it and what it starts can only read, with all that is mounted below; empty: none.
  std::string read_only_folder = {};
  // The number of a system call that waits for who reads Child::supervisor (seccomp_unotify(2));
  // -1: none. A kernel that can't do it lets the call through.
  int supervised_call = -1;
};

struct Child {
  pid_t pid = 0;
  // Readable once it has ended. Whoever started it reaps it (core/loop/child_watch.hpp).
  UniqueFd pidfd;
  UniqueFd supervisor;  // none without a supervised call
};

Result<Child> spawn(const Program& program);

}  // namespace bulkhead
