// MAC and IP addresses and subnets as values: comparable, printable, parsed strictly (what
// inet_pton takes, nothing abbreviated).
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "wire.hpp"

namespace bulkhead::net {

struct Mac {
  uint64_t value = 0;  // the 48 bits, first byte highest

  static Mac read(Bytes bytes, size_t at);
  void write(std::span<uint8_t> bytes, size_t at) const;
  bool multicast() const { return (value >> 40 & 1) != 0; }  // broadcast is one
  auto operator<=>(const Mac&) const = default;
};
inline constexpr Mac kBroadcast{0xffff'ffff'ffff};

Result<Mac> parse_mac(std::string_view text);  // "f2:62:00:00:00:02"; neither multicast nor zero
std::string to_text(Mac mac);

struct Ip {
  bool v6 = false;
  std::array<uint8_t, 16> bytes{};  // of IPv4 the first four, the others zero

  static Ip read4(Bytes bytes, size_t at);
  static Ip read6(Bytes bytes, size_t at);
  size_t size() const { return v6 ? 16 : 4; }
  Bytes span() const { return {bytes.data(), size()}; }
  bool zero() const { return bytes == std::array<uint8_t, 16>{}; }
  bool multicast() const { return v6 ? bytes[0] == 0xff : (bytes[0] & 0xf0) == 0xe0; }
  bool link_local() const {
    return v6 ? bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80 : bytes[0] == 169 && bytes[1] == 254;
  }
  auto operator<=>(const Ip&) const = default;
};

Result<Ip> parse_ip(std::string_view text);
std::string to_text(const Ip& ip);
// fe80:: with the EUI-64 of the MAC.
Ip link_local_of(Mac mac);
// "192.168.64.2:80", "[fd00::2]:80".
std::string with_port(const Ip& ip, uint16_t port);

struct Subnet {
  Ip base;
  unsigned prefix = 0;

  bool contains(const Ip& ip) const;
  Ip last() const;                        // the broadcast address, of IPv4
  bool is_broadcast(const Ip& ip) const;  // of this subnet, or 255.255.255.255
};

Result<Subnet> parse_subnet(std::string_view text);  // bits after the prefix are cleared

// What the socket calls want. port in host order.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* raw() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
SocketAddress socket_address(const Ip& ip, uint16_t port);
Ip ip_of(const sockaddr_storage& storage);
uint16_t port_of(const sockaddr_storage& storage);

}  // namespace bulkhead::net
