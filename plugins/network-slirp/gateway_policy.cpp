#include "gateway_policy.hpp"

#include <algorithm>

namespace bulkhead::network {
namespace {

constexpr uint16_t kNameService = 53;

bool is_gateway(const Packet& packet, const GatewayRules& rules) {
  return packet.v6 ? packet.destination == rules.gateway6 : packet.destination4() == rules.gateway4;
}

bool within(const std::vector<Prefix>& prefixes, const Packet& packet) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const Prefix& prefix) {
    return prefix.contains(packet.v6, packet.destination);
  });
}

// Addresses that no packet on a network of hosts has, and IPv4 ones in an IPv6 dress.
bool is_improper(const Packet& packet) {
  const Address6& to = packet.destination;
  if (!packet.v6) return to[0] == 0 || to[0] == 127 || to[0] >= 224;
  bool low = std::all_of(to.begin(), to.begin() + 10, [](uint8_t byte) { return byte == 0; });
  return low || to[0] == 0xff || (to[0] == 0xfe && (to[1] & 0xc0) == 0x80);
}

}  // namespace

bool Prefix::contains(bool of_v6, const Address6& address) const {
  if (of_v6 != v6) return false;
  for (int bit = 0; bit < bits; ++bit) {
    auto index = std::size_t(bit) / 8;
    if ((base[index] ^ address[index]) & (0x80 >> bit % 8)) return false;
  }
  return true;
}

bool is_name_query(const Packet& packet, const GatewayRules& rules) {
  return is_gateway(packet, rules) && packet.destination_port == kNameService && !packet.fragment &&
         (packet.protocol == kUdp || packet.protocol == kTcp);
}

bool begins(const Packet& packet) {
  if (packet.protocol != kTcp) return true;
  return (packet.tcp_flags & kTcpSyn) != 0 && (packet.tcp_flags & kTcpAck) == 0;
}

bool may_begin(const Packet& packet, const GatewayRules& rules, const HostAddresses& host) {
  if (packet.protocol == kTcp || packet.protocol == kUdp) {
    if (packet.destination_port == 0) return false;
  } else if (packet.protocol != kIcmp && packet.protocol != kIcmpv6) {
    return false;
  }
  bool icmp = packet.protocol == kIcmp || packet.protocol == kIcmpv6;
  // An echo of the gateway's is its own; it is no service of the host.
  if (is_gateway(packet, rules)) return icmp || (rules.host_loopback && !rules.internal);
  if (rules.internal || is_improper(packet) || within(host.other_networks, packet)) return false;
  return rules.host_loopback || !within(host.own, packet);
}

}  // namespace bulkhead::network
