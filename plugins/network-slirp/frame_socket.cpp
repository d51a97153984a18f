#include "frame_socket.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace bulkhead::net {
namespace {

constexpr size_t kBatch = 16;
// Rounds of reading before others have their turn.
constexpr int kRounds = 4;
constexpr size_t kSlot = kMaxFrame + 64;
constexpr int kKernelBuffer = 1 << 20;

// What a batch is received into. One for the thread: it is used up before anybody else receives.
struct Slots {
  std::vector<uint8_t> bytes = std::vector<uint8_t>(kBatch * kSlot);
  iovec vectors[kBatch];
  mmsghdr messages[kBatch];
};

Slots& slots() {
  static thread_local Slots all;
  return all;
}

bool hung_up(int end) {
  pollfd state{end, POLLRDHUP, 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace

Result<std::pair<UniqueFd, UniqueFd>> make_cable() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno("create a pair of sockets for the network", errno);
  // As far as the host allows; each side's buffer is its sender's.
  for (const int end : ends)
    ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kKernelBuffer, sizeof kKernelBuffer);
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

bool is_cable(int fd) {
  int type = 0;
  int domain = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET &&
         ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

FrameSocket::FrameSocket(loop::Loop& loop, UniqueFd end,
                         std::function<void(std::span<uint8_t>)> frame)
    : end_(std::move(end)),
      frame_(std::move(frame)),
      poll_(std::make_unique<loop::Poll>(loop, end_.get(), [this](int events) { ready(events); })) {
  watch();
}

void FrameSocket::watch() {
  int events = 0;
  if (!closed_) events = UV_READABLE | (queue_.empty() ? 0 : UV_WRITABLE);
  poll_->watch(events);
}

void FrameSocket::ready(int events) {
  if ((events & UV_WRITABLE) != 0) flush();
  if ((events & UV_READABLE) != 0) receive();
  watch();
}

void FrameSocket::receive() {
  Slots& in = slots();
  for (int round = 0; round < kRounds && !closed_; round++) {
    for (size_t i = 0; i < kBatch; i++) {
      in.vectors[i] = {in.bytes.data() + i * kSlot, kSlot};
      in.messages[i] = {};
      in.messages[i].msg_hdr.msg_iov = &in.vectors[i];
      in.messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = ::recvmmsg(end_.get(), in.messages, kBatch, MSG_DONTWAIT, nullptr);
    if (count < 0) {
      closed_ = errno != EAGAIN && errno != EINTR;
      return;
    }
    for (int i = 0; i < count; i++) {
      const mmsghdr& message = in.messages[i];
      // Nothing is what an end says that is gone, and also what a guest may send.
      if (message.msg_len == 0) {
        if (hung_up(end_.get())) {
          closed_ = true;
          return;
        }
        continue;
      }
      if ((message.msg_hdr.msg_flags & MSG_TRUNC) != 0) continue;
      frame_({in.bytes.data() + static_cast<size_t>(i) * kSlot, message.msg_len});
    }
    if (static_cast<size_t>(count) < kBatch) return;
  }
}

void FrameSocket::send(Bytes frame) {
  if (closed_ || frame.empty()) return;
  if (queue_.empty() && send_now(frame)) return;
  if (closed_ || queued_ + frame.size() > kMaxQueued) return;
  queued_ += frame.size();
  queue_.emplace_back(frame.begin(), frame.end());
  if (queue_.size() == 1) watch();
}

// False: there is no room just now.
bool FrameSocket::send_now(Bytes frame) {
  for (;;) {
    if (::send(end_.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
      return true;
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == ENOBUFS) return false;
    // Too long for the kernel's buffer is this frame's fault; anything else means that nobody is
    // there.
    closed_ = errno != EMSGSIZE;
    return true;
  }
}

void FrameSocket::flush() {
  while (!queue_.empty() && send_now(queue_.front())) {
    queued_ -= queue_.front().size();
    queue_.pop_front();
  }
  if (closed_) {
    queue_.clear();
    queued_ = 0;
  }
}

}  // namespace bulkhead::net
