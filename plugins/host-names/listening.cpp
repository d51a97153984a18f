#include "listening.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace bulkhead::names {
namespace {

Result<UniqueFd> open_at(const net::SocketAddress& address, int type, const std::string& where) {
  UniqueFd socket(::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return fail_errno("a socket for " + where, errno);
  // Connections of a predecessor that have ended aren't somebody's; datagrams have none.
  const int on = 1;
  if (type == SOCK_STREAM) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.get(), address.raw(), address.size) == 0 &&
      (type == SOCK_DGRAM || ::listen(socket.get(), SOMAXCONN) == 0))
    return socket;
  if (errno == EADDRINUSE) return fail(Code::kConflict, where + " is already in use on this host");
  if (errno == EACCES) return fail(Code::kDenied, where + " may be used by root only");
  return fail_errno("listen at " + where, errno);
}

}  // namespace

bool is_loopback(const net::Ip& ip) {
  if (!ip.v6) return ip.bytes[0] == 127;
  return ip == *net::parse_ip("::1");
}

Result<Listening> listen_at(const net::Ip& ip, uint16_t port) {
  const std::string where = net::with_port(ip, port);
  if (!is_loopback(ip)) return fail(Code::kInvalid, where + " is not of the host's loopback");
  const net::SocketAddress address = net::socket_address(ip, port);
  auto udp = open_at(address, SOCK_DGRAM, where + "/udp");
  if (!udp) return fail(std::move(udp.error()));
  auto tcp = open_at(address, SOCK_STREAM, where + "/tcp");
  if (!tcp) return fail(std::move(tcp.error()));
  return Listening{std::move(*udp), std::move(*tcp)};
}

}  // namespace bulkhead::names
