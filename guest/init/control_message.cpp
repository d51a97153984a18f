#include "guest/init/control_message.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "guest/core/errors.hpp"

namespace bulkhead::guest {
namespace {

Status receive_all(int socket, char* at, size_t size) {
  while (size > 0) {
    ssize_t got = read(socket, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_now("read its message");
    if (got == 0) return fail(Code::kUnavailable, "it has ended");
    at += got;
    size -= static_cast<size_t>(got);
  }
  return {};
}

Status send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t put = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_now("send it a message");
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return {};
}

struct Ancillary {
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(PassedDescriptors))];
};

}  // namespace

Status send_message(int socket, std::string_view text, const PassedDescriptors* fds) {
  auto length = static_cast<uint32_t>(text.size());
  iovec part{&length, sizeof length};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Ancillary ancillary{};
  if (fds != nullptr) {
    message.msg_control = ancillary.space;
    message.msg_controllen = sizeof ancillary.space;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof *fds);
    memcpy(CMSG_DATA(header), fds->data(), sizeof *fds);
  }
  if (sendmsg(socket, &message, MSG_NOSIGNAL) != sizeof length)
    return fail_now("send it a message");
  return send_all(socket, text);
}

Result<std::string> receive_message(int socket, PassedDescriptors* fds) {
  uint32_t length = 0;
  iovec part{&length, sizeof length};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Ancillary ancillary{};
  if (fds != nullptr) {
    message.msg_control = ancillary.space;
    message.msg_controllen = sizeof ancillary.space;
  }
  ssize_t got = recvmsg(socket, &message, MSG_WAITALL | MSG_CMSG_CLOEXEC);
  if (got == 0) return fail(Code::kUnavailable, "it has ended");
  if (got != sizeof length) return fail_now("read its message");
  if (cmsghdr* header = fds != nullptr ? CMSG_FIRSTHDR(&message) : nullptr; header != nullptr)
    memcpy(fds->data(), CMSG_DATA(header), sizeof *fds);
  std::string text(length, '\0');
  if (auto status = receive_all(socket, text.data(), length); !status)
    return fail(std::move(status.error()));
  return text;
}

}  // namespace bulkhead::guest
