#include "pipe_sink.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace bulkhead::registry {

PipeSink::PipeSink(loop::Loop& loop, UniqueFd fd, std::function<void()> drained,
                   std::function<void(Error)> broken)
    : fd_(std::move(fd)), drained_(std::move(drained)), broken_(std::move(broken)) {
  ::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) | O_NONBLOCK);
  poll_ = std::make_unique<loop::Poll>(loop, fd_.get(), [this](int) { writable(); });
}

Status PipeSink::take(std::string_view bytes) {
  size_t written = 0;
  while (pending_.empty() && written < bytes.size()) {
    const ssize_t n = ::write(fd_.get(), bytes.data() + written, bytes.size() - written);
    if (n > 0) {
      written += static_cast<size_t>(n);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      return fail(Code::kUnavailable, "nobody takes the content any more");
    }
  }
  if (written == bytes.size()) return {};
  pending_.append(bytes.substr(written));
  poll_->watch(UV_WRITABLE);
  return {};
}

Status PipeSink::write_some() {
  while (begin_ < pending_.size()) {
    const ssize_t n = ::write(fd_.get(), pending_.data() + begin_, pending_.size() - begin_);
    if (n > 0) {
      begin_ += static_cast<size_t>(n);
    } else if (errno == EAGAIN) {
      return {};
    } else if (errno != EINTR) {
      return fail(Code::kUnavailable, "nobody takes the content any more");
    }
  }
  pending_.clear();
  begin_ = 0;
  return {};
}

void PipeSink::writable() {
  if (Status written = write_some(); !written) {
    poll_->watch(0);
    return broken_(std::move(written.error()));
  }
  if (full()) return;
  poll_->watch(0);
  drained_();
}

void PipeSink::close() {
  poll_.reset();
  fd_.reset();
}

}  // namespace bulkhead::registry
