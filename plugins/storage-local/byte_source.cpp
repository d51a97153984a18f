#include "byte_source.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace bulkhead::storage {
namespace {

constexpr size_t kBufferBytes = 256 * 1024;
constexpr int kCancelPollMs = 200;

}  // namespace

FdSource::FdSource(int fd, const Task& task) : fd_(fd), task_(task), buffer_(kBufferBytes) {}

Status FdSource::wait_readable() const {
  for (;;) {
    if (Status wanted = task_.check(); !wanted) return wanted;
    pollfd waiting{fd_, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kCancelPollMs);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_errno("wait for bytes", errno);
  }
}

Result<Bytes> FdSource::next() {
  for (;;) {
    // Regular files are always readable; a silent pipe must not keep a cancelled operation.
    if (Status ready = wait_readable(); !ready) return tl::unexpected(std::move(ready.error()));
    const ssize_t n = ::read(fd_, buffer_.data(), buffer_.size());
    if (n >= 0) {
      consumed_ += static_cast<uint64_t>(n);
      return Bytes(buffer_).first(static_cast<size_t>(n));
    }
    if (errno != EINTR && errno != EAGAIN) return fail_errno("read", errno);
  }
}

}  // namespace bulkhead::storage
