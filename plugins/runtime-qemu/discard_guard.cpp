#include "discard_guard.hpp"

#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstring>
#include <string>
#include <utility>

namespace bulkhead::qemu {

int DiscardGuard::call() {
  return SYS_fallocate;
}

DiscardGuard::DiscardGuard(loop::Loop& loop, UniqueFd supervisor, const UniqueFd& ram)
    : supervisor_(std::move(supervisor)) {
  struct stat info {};
  if (::fstat(ram.get(), &info) == 0) {
    device_ = info.st_dev;
    inode_ = info.st_ino;
  }
  poll_ = std::make_unique<loop::Poll>(loop, supervisor_.get(), [this](int) { answer(); });
  poll_->watch(UV_READABLE);
}

bool DiscardGuard::is_ram(pid_t thread, int fd) const {
  const std::string path = "/proc/" + std::to_string(thread) + "/fd/" + std::to_string(fd);
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
}

// A thread that was killed meanwhile waits for no answer, and both calls say so.
void DiscardGuard::answer() {
  seccomp_notif asked;
  std::memset(&asked, 0, sizeof asked);
  if (::ioctl(supervisor_.get(), SECCOMP_IOCTL_NOTIF_RECV, &asked) != 0) {
    pollfd now = {supervisor_.get(), POLLIN, 0};
    if (::poll(&now, 1, 0) > 0 && (now.revents & POLLHUP) != 0) poll_->watch(0);  // QEMU has ended
    return;
  }
  seccomp_notif_resp said;
  std::memset(&said, 0, sizeof said);
  said.id = asked.id;
  if (!is_ram(static_cast<pid_t>(asked.pid), static_cast<int>(asked.data.args[0])))
    said.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  ::ioctl(supervisor_.get(), SECCOMP_IOCTL_NOTIF_SEND, &said);
}

}  // namespace bulkhead::qemu
