#include "member_link.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace bulkhead::network {
namespace {

constexpr int kBufferBytes = 2 << 20;

}  // namespace

bool MemberLink::send_now(Bytes frame) {
  if (::send(fd_.get(), frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
  // What can't be sent for another reason than a full buffer is lost, as on a wire.
  return errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS;
}

void MemberLink::send(Bytes frame) {
  if (queue_.empty() && send_now(frame)) return;
  if (queued_ + frame.size() > kMostQueuedBytes) return;
  queue_.emplace_back(frame.begin(), frame.end());
  queued_ += frame.size();
}

void MemberLink::fill(PollSet& set) {
  place_ = -1;
  if (ended_) return;
  place_ = set.add(fd_.get(), static_cast<short>(POLLIN | (queue_.empty() ? 0 : POLLOUT)));
}

void MemberLink::handle(const PollSet& set, const std::function<void(Bytes)>& take) {
  short events = set.events(place_);
  if (events & POLLOUT) {
    while (!queue_.empty() && send_now(queue_.front())) {
      queued_ -= queue_.front().size();
      queue_.pop_front();
    }
  }
  if (!(events & (POLLIN | POLLHUP | POLLERR))) return;
  static thread_local std::vector<uint8_t> buffer(kLongestFrame);
  for (int i = 0; i < kFramesPerTurn; ++i) {
    ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) ended_ = true;
      return;
    }
    // An empty packet and an end look the same; the poll tells.
    if (got == 0) {
      if (events & POLLHUP) ended_ = true;
      return;
    }
    take(Bytes(buffer.data(), std::size_t(got)));
  }
}

Result<std::pair<UniqueFd, UniqueFd>> make_link() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    return fail_errno("make a pair of sockets", errno);
  for (int end : ends) {
    // More than net.core.wmem_max allows is cut to that, which is enough for one frame at least.
    setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof kBufferBytes);
    setsockopt(end, SOL_SOCKET, SO_SNDBUFFORCE, &kBufferBytes, sizeof kBufferBytes);
  }
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

}  // namespace bulkhead::network
