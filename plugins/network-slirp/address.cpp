#include "address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "bulkhead/printable.hpp"

namespace bulkhead::net {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

uint8_t mask_byte(unsigned prefix, size_t index) {
  const unsigned before = static_cast<unsigned>(index) * 8;
  if (prefix >= before + 8) return 0xff;
  if (prefix <= before) return 0;
  return static_cast<uint8_t>(0xff00 >> (prefix - before));
}

}  // namespace

Mac Mac::read(Bytes bytes, size_t at) {
  return {static_cast<uint64_t>(read16(bytes, at)) << 32 | read32(bytes, at + 2)};
}

void Mac::write(std::span<uint8_t> bytes, size_t at) const {
  write16(bytes, at, static_cast<uint16_t>(value >> 32));
  write32(bytes, at + 2, static_cast<uint32_t>(value));
}

Result<Mac> parse_mac(std::string_view text) {
  Mac mac;
  bool good = text.size() == 17;
  for (size_t i = 0; good && i < 6; i++) {
    const int high = hex_digit(text[i * 3]);
    const int low = hex_digit(text[i * 3 + 1]);
    good = high >= 0 && low >= 0 && (i == 5 || text[i * 3 + 2] == ':');
    mac.value = mac.value << 8 | static_cast<uint64_t>(high << 4 | low);
  }
  if (!good || mac.multicast() || mac.value == 0)
    return fail(Code::kInvalid, in_quotes(text) + " is not the MAC address of an interface");
  return mac;
}

std::string to_text(Mac mac) {
  std::string out;
  for (int shift = 40; shift >= 0; shift -= 8) {
    char part[4];
    std::snprintf(part, sizeof part, "%02x", static_cast<unsigned>(mac.value >> shift & 0xff));
    if (!out.empty()) out += ':';
    out += part;
  }
  return out;
}

Ip Ip::read4(Bytes bytes, size_t at) {
  Ip ip;
  std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(at), 4, ip.bytes.begin());
  return ip;
}

Ip Ip::read6(Bytes bytes, size_t at) {
  Ip ip;
  ip.v6 = true;
  std::copy_n(bytes.begin() + static_cast<ptrdiff_t>(at), 16, ip.bytes.begin());
  return ip;
}

Result<Ip> parse_ip(std::string_view text) {
  const std::string copy(text);
  Ip ip;
  if (copy.size() == text.size() && copy.find('\0') == std::string::npos) {
    if (::inet_pton(AF_INET, copy.c_str(), ip.bytes.data()) == 1) return ip;
    ip.v6 = true;
    if (::inet_pton(AF_INET6, copy.c_str(), ip.bytes.data()) == 1) return ip;
  }
  return fail(Code::kInvalid, in_quotes(text) + " is not an IP address");
}

std::string to_text(const Ip& ip) {
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(ip.v6 ? AF_INET6 : AF_INET, ip.bytes.data(), text, sizeof text);
  return text;
}

Ip link_local_of(Mac mac) {
  Ip ip;
  ip.v6 = true;
  ip.bytes[0] = 0xfe;
  ip.bytes[1] = 0x80;
  const uint64_t high = (mac.value >> 24) ^ 0x020000;
  ip.bytes[8] = static_cast<uint8_t>(high >> 16);
  ip.bytes[9] = static_cast<uint8_t>(high >> 8);
  ip.bytes[10] = static_cast<uint8_t>(high);
  ip.bytes[11] = 0xff;
  ip.bytes[12] = 0xfe;
  ip.bytes[13] = static_cast<uint8_t>(mac.value >> 16);
  ip.bytes[14] = static_cast<uint8_t>(mac.value >> 8);
  ip.bytes[15] = static_cast<uint8_t>(mac.value);
  return ip;
}

std::string with_port(const Ip& ip, uint16_t port) {
  const std::string text = to_text(ip);
  return (ip.v6 ? "[" + text + "]" : text) + ":" + std::to_string(port);
}

bool Subnet::contains(const Ip& ip) const {
  if (ip.v6 != base.v6) return false;
  for (size_t i = 0; i < ip.size(); i++) {
    if (((ip.bytes[i] ^ base.bytes[i]) & mask_byte(prefix, i)) != 0) return false;
  }
  return true;
}

Ip Subnet::last() const {
  Ip ip = base;
  for (size_t i = 0; i < ip.size(); i++)
    ip.bytes[i] = static_cast<uint8_t>(ip.bytes[i] | static_cast<uint8_t>(~mask_byte(prefix, i)));
  return ip;
}

bool Subnet::is_broadcast(const Ip& ip) const {
  if (ip.v6) return false;
  return (!base.v6 && ip == last()) ||
         std::all_of(ip.bytes.begin(), ip.bytes.begin() + 4, [](uint8_t b) { return b == 0xff; });
}

Result<Subnet> parse_subnet(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos)
    return fail(Code::kInvalid, in_quotes(text) + " is not a subnet: it has no prefix length");
  Result<Ip> base = parse_ip(text.substr(0, slash));
  if (!base) return fail(std::move(base.error()));
  Subnet subnet{*base, 0};
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), subnet.prefix);
  if (error != std::errc() || end != digits.data() + digits.size() ||
      subnet.prefix > base->size() * 8)
    return fail(Code::kInvalid, in_quotes(text) + " has no usable prefix length");
  for (size_t i = 0; i < base->size(); i++)
    subnet.base.bytes[i] = static_cast<uint8_t>(subnet.base.bytes[i] & mask_byte(subnet.prefix, i));
  return subnet;
}

SocketAddress socket_address(const Ip& ip, uint16_t port) {
  SocketAddress out;
  if (ip.v6) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    std::memcpy(&address.sin6_addr, ip.bytes.data(), 16);
    std::memcpy(&out.storage, &address, out.size = sizeof address);
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    std::memcpy(&address.sin_addr, ip.bytes.data(), 4);
    std::memcpy(&out.storage, &address, out.size = sizeof address);
  }
  return out;
}

Ip ip_of(const sockaddr_storage& storage) {
  Ip ip;
  ip.v6 = storage.ss_family == AF_INET6;
  if (ip.v6) {
    std::memcpy(ip.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, 16);
  } else {
    std::memcpy(ip.bytes.data(), &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, 4);
  }
  return ip;
}

uint16_t port_of(const sockaddr_storage& storage) {
  return ntohs(storage.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

}  // namespace bulkhead::net
