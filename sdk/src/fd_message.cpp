#include "bulkhead/fd_message.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bulkhead {
namespace {

// Control data must be aligned as cmsghdr is.
struct alignas(cmsghdr) Control {
  char bytes[CMSG_SPACE(sizeof(int) * kMaxFdsPerMessage)];
};

void put_fds(msghdr& message, Control& control, std::span<const int> fds) {
  if (fds.empty()) return;
  message.msg_control = control.bytes;
  message.msg_controllen = CMSG_SPACE(fds.size_bytes());
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size_bytes());
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
}

// Takes ownership of every descriptor that arrived, also of those nobody will want.
void take_fds(msghdr& message, std::vector<UniqueFd>& fds) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      fds.emplace_back(fd);
    }
  }
}

}  // namespace

Result<size_t> send_message(int socket, const void* bytes, size_t size, std::span<const int> fds) {
  if (size == 0) return fail(Code::kInternal, "send: a message needs at least one byte");
  if (fds.size() > kMaxFdsPerMessage) {
    return fail(Code::kInternal, "send: more than 16 descriptors in one message");
  }
  iovec piece = {const_cast<void*>(bytes), size};
  msghdr message = {};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  Control control = {};
  put_fds(message, control, fds);
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK && fds.empty()) sent = ::write(socket, bytes, size);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return fail_errno("send", errno);
  return static_cast<size_t>(sent);
}

Result<size_t> receive_message(int socket, void* buffer, size_t size, std::vector<UniqueFd>& fds) {
  iovec piece = {buffer, size};
  Control control = {};
  msghdr message = {};
  ssize_t received = 0;
  do {
    message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    received = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (received < 0 && errno == ENOTSOCK) {
      message.msg_controllen = 0;
      received = ::read(socket, buffer, size);
    }
  } while (received < 0 && errno == EINTR);
  if (received < 0) return fail_errno("receive", errno);
  take_fds(message, fds);
  if ((message.msg_flags & MSG_CTRUNC) != 0) {
    return fail(Code::kCorrupt, "receive: the peer sent more than 16 descriptors in one message");
  }
  return static_cast<size_t>(received);
}

Status send_all(int socket, const void* bytes, size_t size, std::span<const int> fds) {
  const char* rest = static_cast<const char*>(bytes);
  while (size > 0) {
    const auto sent = send_message(socket, rest, size, fds);
    if (!sent && sent.error().code == Code::kRetry) {
      pollfd ready = {socket, POLLOUT, 0};
      ::poll(&ready, 1, -1);
      continue;
    }
    if (!sent) return fail(sent.error());
    rest += *sent;
    size -= *sent;
    fds = {};
  }
  return {};
}

}  // namespace bulkhead
