// fork, with what the C library doesn't offer: birth in a cgroup and in new namespaces, and a
// pidfd.
//
// Straight to the kernel: the library's bookkeeping for threads isn't updated in the child, which
// therefore makes no use of threads, raise() or exit handlers. It ends in execve or _exit.
#pragma once

#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

namespace bulkhead::guest {

// 0 in the child, its pid in the parent, -1 with errno. cgroup and pidfd may be left out (-1,
// null).
inline pid_t clone_process(uint64_t flags, int cgroup, int* pidfd) {
  clone_args args{};
  args.flags = flags;
  args.exit_signal = SIGCHLD;
  if (cgroup >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<uint64_t>(cgroup);
  }
  if (pidfd != nullptr) {
    args.flags |= CLONE_PIDFD;
    args.pidfd = reinterpret_cast<uintptr_t>(pidfd);
  }
  return static_cast<pid_t>(syscall(SYS_clone3, &args, sizeof args));
}

}  // namespace bulkhead::guest
