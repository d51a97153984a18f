#include "fd_stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "bulkhead/fd_message.hpp"

namespace bulkhead::loop {
namespace {

constexpr size_t kReadSize = 64 * 1024;
constexpr int kReadsPerTurn = 8;  // one busy peer must not starve the others

void set_blocking(int fd, bool blocking) {
  int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

}  // namespace

FdStream::FdStream(Loop& loop, UniqueFd fd) : loop_(loop), fd_(std::move(fd)) {
  set_blocking(fd_.get(), false);
  poll_ = std::make_unique<Poll>(loop_, fd_.get(), [this](int events) { ready(events); });
}

FdStream::~FdStream() { *alive_ = false; }

void FdStream::resume() {
  reading_ = true;
  update_watch();
}

void FdStream::pause() {
  reading_ = false;
  update_watch();
}

void FdStream::update_watch() {
  if (poll_) poll_->watch((reading_ ? UV_READABLE : 0) | (queue_.empty() ? 0 : UV_WRITABLE));
}

void FdStream::write(std::string bytes, std::vector<UniqueFd> fds) {
  if (!fd_ || ending_ || bytes.empty()) return;
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
  auto alive = alive_;
  if (events & UV_WRITABLE) {
    bool had = !queue_.empty();
    flush();
    if (had && queue_.empty() && fd_ && callbacks_.drained) {
      auto call = callbacks_.drained;
      call();
    }
    if (!*alive || !fd_) return;
  }
  if (!(events & UV_READABLE)) return;
  for (int i = 0; i < kReadsPerTurn && *alive && fd_ && reading_; ++i)
    if (!read_once()) return;
}

// True if there may be more to read. `this` may be gone when it returns.
bool FdStream::read_once() {
  thread_local std::string buffer(kReadSize, '\0');
  std::vector<UniqueFd> fds;
  auto got = receive_message(fd_.get(), buffer.data(), buffer.size(), fds);
  if (!got && got.error().code == Code::kRetry) return false;
  if (!got) return fail_with(bulkhead::fail(std::move(got.error()))), false;
  if (*got == 0) return fail_with({}), false;
  bool full = *got == buffer.size();
  auto call = callbacks_.read;
  call(std::string_view(buffer.data(), *got), fds);
  return full;
}

void FdStream::flush() {
  while (!queue_.empty()) {
    Chunk& chunk = queue_.front();
    std::vector<int> fds;
    for (const UniqueFd& fd : chunk.fds) fds.push_back(fd.get());
    auto sent = send_message(fd_.get(), chunk.bytes.data() + chunk.offset, chunk.bytes.size() - chunk.offset, fds);
    if (!sent && sent.error().code == Code::kRetry) return update_watch();
    if (!sent) {
      // The reader will see the end as well; a peer that closed is told about once, from there.
      queue_.clear();
      queued_ = 0;
      reading_ = true;
      return update_watch();
    }
    chunk.fds.clear();
    chunk.offset += *sent;
    queued_ -= *sent;
    if (chunk.offset == chunk.bytes.size()) queue_.pop_front();
  }
  if (ending_) ::shutdown(fd_.get(), SHUT_WR);
  update_watch();
}

void FdStream::fail_with(Status status) {
  poll_.reset();
  fd_.reset();
  if (!callbacks_.closed) return;
  auto call = callbacks_.closed;
  call(status);
}

}  // namespace bulkhead::loop
