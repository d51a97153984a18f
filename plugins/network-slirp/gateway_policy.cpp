#include "gateway_policy.hpp"

#include <algorithm>

namespace bulkhead::net {
namespace {

constexpr uint16_t kDns = 53;

bool is_local_service(const Packet& packet) {
  constexpr uint16_t kPorts[] = {67, 68, 69, 546, 547};
  return packet.protocol == kUdp && std::find(std::begin(kPorts), std::end(kPorts),
                                              packet.destination_port) != std::end(kPorts);
}

bool is_echo(const Packet& packet) {
  return packet.has_icmp &&
         packet.icmp_type ==
             (packet.kind == Packet::Kind::kIpv6 ? uint8_t{kEchoRequestV6} : uint8_t{kEchoRequest});
}

bool can_be_carried(const Packet& packet, const Gateway& gateway) {
  if (packet.protocol == kTcp || packet.protocol == kUdp) return packet.has_ports;
  if (!is_echo(packet)) return false;
  return packet.kind == Packet::Kind::kIpv4 || gateway.owns(packet.to);
}

}  // namespace

bool is_destination(const Ip& ip) {
  if (ip.multicast() || ip.zero()) return false;
  if (!ip.v6) return ip.bytes[0] != 0 && ip.bytes[0] != 127 && ip.bytes[0] < 224;
  if (ip.link_local()) return false;
  // ::/80 holds the unspecified address, loopback, and the IPv4 addresses in IPv6's clothes.
  return !std::all_of(ip.bytes.begin(), ip.bytes.begin() + 10, [](uint8_t b) { return b == 0; });
}

Passage GatewayPolicy::judge(const Packet& packet, const Lease& lease, const Gateway& gateway,
                             const Answers& answers, const HostAddresses& host,
                             Answers::Clock::time_point now) const {
  if (!packet.is_ip() || packet.extended || packet.fragment) return Passage::kDrop;
  if (!lease.owns(packet.from) || !is_destination(packet.to)) return Passage::kDrop;
  const bool to_gateway = gateway.owns(packet.to);
  // Within the network there is only the gateway here; the others have MACs of their own.
  if (!to_gateway && gateway.within(packet.to)) return Passage::kDrop;
  if (packet.kind == Packet::Kind::kIpv4 && gateway.subnet.is_broadcast(packet.to))
    return Passage::kDrop;
  if (is_local_service(packet)) return Passage::kDrop;
  if (!can_be_carried(packet, gateway)) return Passage::kDrop;
  if (to_gateway && is_echo(packet)) return Passage::kPass;
  if (to_gateway && packet.protocol == kTcp && packet.destination_port == kDns)
    return Passage::kPass;
  const bool to_host = to_gateway || host.owns(packet.to);
  bool free = to_host ? host_loopback && !internal : !internal;
  // The gateway is ours, even where another network has the same subnet.
  if (!to_gateway && host.on_another_network(packet.to)) free = false;
  if (free || answers.is_answer(packet, now)) return Passage::kPass;
  return Passage::kRefuse;
}

}  // namespace bulkhead::net
