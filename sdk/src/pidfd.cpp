// By syscall(): the header of glibc 2.36 that declares the functions lacks its extern "C".
#include "bulkhead/pidfd.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace bulkhead {

Result<UniqueFd> open_pidfd(pid_t pid) {
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));  // always close-on-exec
  if (!pidfd) return fail_errno("watch process " + std::to_string(pid), errno);
  return pidfd;
}

Status signal_pidfd(int pidfd, int signal) {
  if (::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) != 0) {
    return fail_errno("signal a process", errno);
  }
  return {};
}

}  // namespace bulkhead
