#include "byte_sink.hpp"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file_io.hpp"

namespace bulkhead::storage {
namespace {

constexpr int kCancelPollMs = 200;

}  // namespace

FdSink::FdSink(int fd, const Task& task) : fd_(fd), task_(task), kind_(kind_of(fd)) {}

FdSink::Kind FdSink::kind_of(int fd) {
  struct stat about {};
  if (::fstat(fd, &about) != 0) return Kind::kFile;
  if (S_ISSOCK(about.st_mode)) return Kind::kSocket;
  // A terminal stops taking bytes too, in no larger pieces than a pipe.
  return S_ISFIFO(about.st_mode) || S_ISCHR(about.st_mode) ? Kind::kPipe : Kind::kFile;
}

Status FdSink::wait_writable() const {
  for (;;) {
    if (Status wanted = task_.check(); !wanted) return wanted;
    pollfd waiting{fd_, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, kCancelPollMs);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_errno("wait for the reader", errno);
  }
}

Status FdSink::write(Bytes bytes) {
  if (kind_ == Kind::kFile) {
    if (Status wanted = task_.check(); !wanted) return wanted;
    return write_all(fd_, bytes, "the archive");
  }
  while (!bytes.empty()) {
    if (Status ready = wait_writable(); !ready) return ready;
    const ssize_t n = kind_ == Kind::kSocket
                          ? ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                          : ::write(fd_, bytes.data(), std::min<size_t>(bytes.size(), PIPE_BUF));
    if (n >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(n));
    } else if (errno != EAGAIN && errno != EINTR) {
      return fail_errno("write the archive", errno);
    }
  }
  return {};
}

}  // namespace bulkhead::storage
