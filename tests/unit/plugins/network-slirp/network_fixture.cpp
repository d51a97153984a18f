#include "network_fixture.hpp"

#include <sys/socket.h>

#include "dns_message.hpp"

namespace bulkhead::net::test {

Socket bound(int type, const Ip& own) {
  Socket out{UniqueFd(::socket(own.v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0)), 0};
  SocketAddress address = socket_address(own, 0);
  EXPECT_EQ(::bind(out.fd.get(), address.raw(), address.size), 0) << to_text(own);
  if (type == SOCK_STREAM) ::listen(out.fd.get(), 16);
  ::getsockname(out.fd.get(), address.raw(), &address.size);
  out.port = port_of(address.storage);
  return out;
}

uint16_t free_port(int type, const Ip& address) {
  return bound(type, address).port;
}

UniqueFd connect_to(uint16_t port, const Ip& to, int type) {
  UniqueFd client(::socket(to.v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0));
  const SocketAddress address = socket_address(to, port);
  EXPECT_EQ(::connect(client.get(), address.raw(), address.size), 0);
  const timeval patience{60, 0};
  ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return client;
}

std::string received(int fd) {
  char bytes[4096];
  const ssize_t size = ::recv(fd, bytes, sizeof bytes, 0);
  return size < 0 ? "error " + std::to_string(errno)
                  : std::string(bytes, static_cast<size_t>(size));
}

Buffer name_query(const char* name) {
  Buffer out = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  append(out, *dns_name_to_wire(name));
  append16(out, kTypeA);
  append16(out, kClassIn);
  return out;
}

std::string with_length(const Buffer& message) {
  std::string out{static_cast<char>(message.size() >> 8), static_cast<char>(message.size())};
  out.append(message.begin(), message.end());
  return out;
}

}  // namespace bulkhead::net::test
