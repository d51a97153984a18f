#include "model/subnet.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace bulkhead::model {
namespace {

constexpr int kWidest = 8;
constexpr int kNarrowest4 = 29;
constexpr int kNarrowest6 = 112;

struct Parts {
  std::string address;
  int prefix = -1;
};

Parts split(std::string_view text) {
  size_t slash = text.find('/');
  Parts parts;
  if (slash == std::string_view::npos) return parts;
  parts.address = text.substr(0, slash);
  std::string_view tail = text.substr(slash + 1);
  auto [end, error] = std::from_chars(tail.data(), tail.data() + tail.size(), parts.prefix);
  if (error != std::errc() || end != tail.data() + tail.size()) parts.prefix = -1;
  return parts;
}

Failure refuse(std::string_view text, const std::string& why) {
  return fail(Code::kInvalid, "\"" + std::string(text) + "\" " + why);
}

// The first `bits` bits are the same.
bool same_start(const std::array<unsigned char, 16>& a, const std::array<unsigned char, 16>& b,
                int bits) {
  size_t whole = size_t(bits) / 8;
  if (memcmp(a.data(), b.data(), whole) != 0) return false;
  int rest = bits % 8;
  if (rest == 0) return true;
  return ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

std::string address4_text(uint32_t address) {
  return std::to_string(address >> 24) + "." + std::to_string(address >> 16 & 255) + "." +
         std::to_string(address >> 8 & 255) + "." + std::to_string(address & 255);
}

Result<uint32_t> parse_address4(std::string_view text) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1)
    return refuse(text, "is not an IPv4 address");
  return ntohl(address.s_addr);
}

std::string Subnet4::text() const {
  return address4_text(base) + "/" + std::to_string(prefix);
}

namespace {

enum class LowBits { kRefused, kDropped };

Result<Subnet4> parse4(std::string_view text, LowBits low_bits) {
  Parts parts = split(text);
  auto address = parse_address4(parts.address);
  if (!address || parts.prefix < 0)
    return refuse(text, "is not an IPv4 subnet such as 192.168.64.0/24");
  if (parts.prefix < kWidest || parts.prefix > kNarrowest4)
    return refuse(text, "has no sensible size: a network is between /8 and /29");
  Subnet4 subnet{*address, parts.prefix};
  uint32_t base = *address & ~(subnet.size() - 1);
  if (base != *address && low_bits == LowBits::kRefused)
    return refuse(text, "is an address inside a subnet, which would be " +
                            Subnet4{base, parts.prefix}.text());
  if (uint32_t first = base >> 24; first == 0 || first == 127 || first >= 224)
    return refuse(text, "is not a range for hosts");
  subnet.base = base;
  return subnet;
}

}  // namespace

Result<Subnet4> parse_subnet4(std::string_view text) {
  return parse4(text, LowBits::kRefused);
}

Result<Subnet4> subnet4_around(std::string_view text) {
  return parse4(text, LowBits::kDropped);
}

bool Subnet6::overlaps(const Subnet6& other) const {
  return same_start(base, other.base, std::min(prefix, other.prefix));
}

std::string Subnet6::address(uint32_t number) const {
  std::array<unsigned char, 16> bytes = base;
  for (int i = 15; i >= 12; --i, number >>= 8) bytes[size_t(i)] |= number & 255;
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

std::string Subnet6::text() const {
  return address(0) + "/" + std::to_string(prefix);
}

namespace {

Result<Subnet6> parse6(std::string_view text, LowBits low_bits) {
  Parts parts = split(text);
  Subnet6 subnet;
  if (parts.prefix < 0 || inet_pton(AF_INET6, parts.address.c_str(), subnet.base.data()) != 1)
    return refuse(text, "is not an IPv6 subnet such as fd00:abcd::/64");
  if (parts.prefix < kWidest || parts.prefix > kNarrowest6)
    return refuse(text, "has no sensible size: a network is between /8 and /112");
  subnet.prefix = parts.prefix;
  for (int bit = parts.prefix; bit < 128; ++bit) {
    unsigned char& byte = subnet.base[size_t(bit) / 8];
    const int mask = 0x80 >> bit % 8;
    if ((byte & mask) != 0 && low_bits == LowBits::kRefused)
      return refuse(text, "is an address inside a subnet: the bits after the prefix must be 0");
    byte = static_cast<unsigned char>(byte & ~mask);
  }
  if (subnet.base[0] == 0xff || (subnet.base[0] == 0xfe && (subnet.base[1] & 0xc0) == 0x80))
    return refuse(text, "is not a range for hosts");
  return subnet;
}

}  // namespace

Result<Subnet6> parse_subnet6(std::string_view text) {
  return parse6(text, LowBits::kRefused);
}

Result<Subnet6> subnet6_around(std::string_view text) {
  return parse6(text, LowBits::kDropped);
}

}  // namespace bulkhead::model
