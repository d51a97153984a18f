#include "fd_stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include "bulkhead/fd_message.hpp"

namespace bulkhead::loop {
namespace {

constexpr size_t kReadSize = 64 * 1024;
constexpr int kReadsPerTurn = 8;  // one busy peer must not starve the others

void set_blocking(int fd, bool blocking) {
  const int flags = ::fcntl(fd, F_GETFL);
  ::fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

}  // namespace

FdStream::FdStream(Loop& loop, UniqueFd fd) : fd_(std::move(fd)) {
  set_blocking(fd_.get(), false);
  poll_ = std::make_unique<Poll>(loop, fd_.get(), [this](int events) { ready(events); });
}

FdStream::~FdStream() {
  *alive_ = false;
}

void FdStream::resume() {
  reading_ = true;
  update_watch();
}

void FdStream::pause() {
  reading_ = false;
  update_watch();
}

void FdStream::update_watch() {
  if (!poll_) return;
  const bool wants_read = reading_ && !finished_;
  // A stream that broke is writable or hung up: either wakes us to say so.
  const bool wants_write = !queue_.empty() || !health_;
  poll_->watch((wants_read ? UV_READABLE : 0) | (wants_write ? UV_WRITABLE : 0));
}

void FdStream::write(std::string bytes, std::vector<UniqueFd> fds) {
  if (!fd_ || ending_ || !health_ || bytes.empty()) return;
  queued_ += bytes.size();
  queue_.push_back({std::move(bytes), 0, std::move(fds)});
  if (queue_.size() == 1) flush();
}

void FdStream::end_writing() {
  ending_ = true;
  if (queue_.empty() && fd_) ::shutdown(fd_.get(), SHUT_WR);
}

UniqueFd FdStream::release() {
  poll_.reset();
  if (fd_) set_blocking(fd_.get(), true);
  return std::move(fd_);
}

void FdStream::ready(int events) {
  const auto alive = alive_;
  if ((events & UV_WRITABLE) != 0 && !queue_.empty()) {
    flush();
    if (queue_.empty() && health_ && callbacks_.drained) {
      const auto call = callbacks_.drained;
      call();
      if (!*alive || !fd_) return;
    }
  }
  if ((events & UV_READABLE) != 0 || !health_) read_some();
  if (!*alive || !fd_ || health_) return;
  fail_with(health_);
}

// What a peer said before it went away is still worth hearing, so this comes before a broken
// stream's end.
void FdStream::read_some() {
  const auto alive = alive_;
  for (int i = 0; i < kReadsPerTurn; i++) {
    if (!*alive || !fd_ || !reading_ || finished_) return;
    if (read_once() != Read::kMore) return;
  }
}

// `this` may be gone when it returns.
FdStream::Read FdStream::read_once() {
  thread_local std::string buffer(kReadSize, '\0');
  std::vector<UniqueFd> fds;
  const auto got = receive_message(fd_.get(), buffer.data(), buffer.size(), fds);
  if (!got && got.error().code == Code::kRetry) return Read::kNothing;
  if (!got) {
    fail_with(fail(got.error()));
    return Read::kGone;
  }
  if (*got == 0) return ended_by_peer();
  const bool full = *got == buffer.size();
  const auto call = callbacks_.read;
  call(std::string_view(buffer.data(), *got), fds);
  // A short read has emptied the socket, but with descriptors only up to the next ones.
  return full || !fds.empty() ? Read::kMore : Read::kNothing;
}

FdStream::Read FdStream::ended_by_peer() {
  if (!callbacks_.finished) {
    fail_with({});
    return Read::kGone;
  }
  finished_ = true;
  update_watch();
  const auto call = callbacks_.finished;
  call();
  return Read::kNothing;
}

void FdStream::flush() {
  while (!queue_.empty()) {
    if (!send_front()) break;
  }
  if (queue_.empty() && ending_ && health_) ::shutdown(fd_.get(), SHUT_WR);
  update_watch();
}

// False if the kernel takes no more, or never will again.
bool FdStream::send_front() {
  Chunk& chunk = queue_.front();
  std::vector<int> fds;
  for (const UniqueFd& fd : chunk.fds) fds.push_back(fd.get());
  const auto sent = send_message(fd_.get(), chunk.bytes.data() + chunk.offset,
                                 chunk.bytes.size() - chunk.offset, fds);
  if (!sent) {
    if (sent.error().code == Code::kRetry) return false;
    health_ = fail(sent.error());
    queue_.clear();
    queued_ = 0;
    return false;
  }
  chunk.fds.clear();
  chunk.offset += *sent;
  queued_ -= *sent;
  if (chunk.offset == chunk.bytes.size()) queue_.pop_front();
  return true;
}

void FdStream::fail_with(const Status& status) {
  const Status how = status;  // it may be ours
  poll_.reset();
  fd_.reset();
  queue_.clear();
  queued_ = 0;
  if (!callbacks_.closed) return;
  const auto call = callbacks_.closed;
  call(how);
}

}  // namespace bulkhead::loop
