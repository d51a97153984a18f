#include "prefetch.hpp"

#include <algorithm>

namespace bulkhead::storage {
namespace {

constexpr size_t kBufferBytes = 512 * 1024;
constexpr size_t kBuffersAhead = 8;

}  // namespace

Prefetch::Prefetch(ByteSource& source) : source_(source), thread_([this] { run(); }) {}

Prefetch::~Prefetch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Status Prefetch::fill(Buffer& buffer) {
  buffer.clear();
  buffer.reserve(kBufferBytes);
  while (buffer.size() < kBufferBytes) {
    if (unread_.empty()) {
      Result<Bytes> bytes = source_.next();
      if (!bytes) return tl::unexpected(std::move(bytes.error()));
      if (bytes->empty()) break;
      unread_ = *bytes;
    }
    const size_t n = std::min(unread_.size(), kBufferBytes - buffer.size());
    buffer.insert(buffer.end(), unread_.begin(), unread_.begin() + static_cast<ptrdiff_t>(n));
    unread_ = unread_.subspan(n);
  }
  return {};
}

bool Prefetch::hand_over(Buffer buffer) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || full_.size() < kBuffersAhead; });
  if (stopping_) return false;
  full_.push_back(std::move(buffer));
  changed_.notify_all();
  return true;
}

void Prefetch::run() {
  for (;;) {
    Buffer buffer;
    {
      const std::lock_guard lock(mutex_);
      if (!spare_.empty()) {
        buffer = std::move(spare_.back());
        spare_.pop_back();
      }
    }
    Status filled = fill(buffer);
    // What was read before an error goes first: the reader may find a better reason in it than
    // "unexpected end".
    const bool last = !filled || buffer.empty();
    if (!buffer.empty() && !hand_over(std::move(buffer))) return;
    if (last) {
      const std::lock_guard lock(mutex_);
      if (!filled) error_ = std::move(filled.error());
      ended_ = true;
      changed_.notify_all();
      return;
    }
  }
}

Result<Bytes> Prefetch::next() {
  std::unique_lock lock(mutex_);
  if (current_.capacity() > 0) spare_.push_back(std::move(current_));
  current_ = Buffer();
  changed_.wait(lock, [&] { return ended_ || !full_.empty(); });
  if (full_.empty()) {
    if (error_) return tl::unexpected(*error_);
    return Bytes{};
  }
  current_ = std::move(full_.front());
  full_.pop_front();
  changed_.notify_all();
  return Bytes(current_);
}

}  // namespace bulkhead::storage
