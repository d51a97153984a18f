#include "bulkhead/fd_message.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bulkhead {
namespace {

struct Control {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int) * kMaxFdsPerMessage)];
};

void take_fds(msghdr& message, std::vector<UniqueFd>& fds) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof fd);
      fds.emplace_back(fd);
    }
  }
}

}  // namespace

Result<size_t> send_message(int socket, const void* bytes, size_t size, std::span<const int> fds) {
  if (fds.size() > kMaxFdsPerMessage)
    return fail(Code::kInvalid, "too many descriptors in one message");
  iovec part{const_cast<void*>(bytes), size};
  Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    memcpy(CMSG_DATA(header), fds.data(), sizeof(int) * fds.size());
  }
  for (;;) {
    ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<size_t>(sent);
    if (errno == ENOTSOCK && fds.empty()) {
      sent = ::write(socket, bytes, size);
      if (sent >= 0) return static_cast<size_t>(sent);
    }
    if (errno != EINTR) return fail_errno("send", errno);
  }
}

Result<size_t> receive_message(int socket, void* buffer, size_t size, std::vector<UniqueFd>& fds) {
  iovec part{buffer, size};
  Control control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  for (;;) {
    ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == ENOTSOCK) {
      got = ::read(socket, buffer, size);
      message.msg_controllen = 0;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("receive", errno);
    if (message.msg_controllen > 0) take_fds(message, fds);
    if (message.msg_flags & MSG_CTRUNC)
      return fail(Code::kInvalid, "the peer sent too many descriptors at once");
    return static_cast<size_t>(got);
  }
}

Status send_all(int socket, const void* bytes, size_t size, std::span<const int> fds) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    auto sent = send_message(socket, at, size, fds);
    if (!sent && sent.error().code == Code::kRetry) {
      pollfd wait{socket, POLLOUT, 0};
      poll(&wait, 1, -1);
      continue;
    }
    if (!sent) return fail(std::move(sent.error()));
    at += *sent;
    size -= *sent;
    fds = {};
  }
  return {};
}

}  // namespace bulkhead
