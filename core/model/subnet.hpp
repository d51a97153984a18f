// IPv4 and IPv6 subnets as a network has them: an address of the subnet is its base plus a number,
// the same for both families, so that container 192.168.64.5 is also fd..::5. Pure arithmetic.
//
//     base + 0          the subnet itself
//     base + 1          the gateway
//     base + 2 ...      containers
//     last usable       the host itself, where it joins through a TAP
//     broadcast         IPv4's last
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::model {

struct Subnet4 {
  uint32_t base = 0;  // host byte order, no bits below the prefix
  int prefix = 0;
  bool operator==(const Subnet4&) const = default;

  uint32_t size() const { return uint32_t(uint64_t{1} << (32 - prefix)); }  // prefix > 0
  bool contains(uint32_t address) const { return address - base < size(); }
  bool overlaps(const Subnet4& other) const { return contains(other.base) || other.contains(base); }
  uint32_t gateway() const { return base + 1; }
  uint32_t host() const { return base + size() - 2; }
  std::string text() const;  // "192.168.64.0/24"
};

struct Subnet6 {
  std::array<unsigned char, 16> base{};
  int prefix = 64;
  bool operator==(const Subnet6&) const = default;

  bool overlaps(const Subnet6& other) const;
  std::string address(uint32_t number) const;  // base + number
  std::string text() const;
};

// From /8 to /29: there must be room for a gateway, the host and a few containers. Bits below the
// prefix are refused, because "10.0.0.5/24" is more likely a mistake than a subnet.
Result<Subnet4> parse_subnet4(std::string_view text);
// From /8 to /112.
Result<Subnet6> parse_subnet6(std::string_view text);
// The same of any address in it, as the reference writes the subnet of a property:
// "192.168.100.1/24" is 192.168.100.0/24.
Result<Subnet4> subnet4_around(std::string_view text);
Result<Subnet6> subnet6_around(std::string_view text);

std::string address4_text(uint32_t address);
Result<uint32_t> parse_address4(std::string_view text);

}  // namespace bulkhead::model
