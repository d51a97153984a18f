#include "arriving_source.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace bulkhead::storage {
namespace {

constexpr size_t kBufferBytes = 256 * 1024;

}  // namespace

ArrivingSource::ArrivingSource(const Incoming& incoming, Digest digest, const Task& task)
    : incoming_(incoming), digest_(std::move(digest)), task_(task), buffer_(kBufferBytes) {}

Status ArrivingSource::check() const {
  if (abandoned_) return fail(Code::kRetry, "nobody reads it any longer");
  return task_.check();
}

Result<bool> ArrivingSource::look() {
  if (!fd_) {
    Result<UniqueFd> fd = incoming_.open(digest_);
    if (!fd) return tl::unexpected(std::move(fd.error()));
    fd_ = std::move(*fd);
  }
  if (!fd_) return false;
  if (!reach_.whole) {
    Result<Incoming::Reach> reach = incoming_.reach(digest_, fd_.get());
    if (!reach) return tl::unexpected(std::move(reach.error()));
    reach_ = *reach;
  }
  return consumed_ < reach_.bytes;
}

Result<Bytes> ArrivingSource::read() {
  const size_t wanted = std::min<uint64_t>(buffer_.size(), reach_.bytes - consumed_);
  for (;;) {
    const ssize_t n = ::pread(fd_.get(), buffer_.data(), wanted, static_cast<off_t>(consumed_));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read", errno);
    if (n == 0) return fail(Code::kCorrupt, digest_.brief() + " has become shorter");
    consumed_ += static_cast<uint64_t>(n);
    return Bytes(buffer_).first(static_cast<size_t>(n));
  }
}

Result<Bytes> ArrivingSource::next() {
  for (;;) {
    const uint64_t known = incoming_.news();
    if (Status wanted = check(); !wanted) return tl::unexpected(std::move(wanted.error()));
    const Result<bool> more = look();
    if (!more) return tl::unexpected(more.error());
    if (*more) return read();
    if (reach_.whole) return Bytes{};
    incoming_.wait_for_news(known);
  }
}

}  // namespace bulkhead::storage
