#include "frame_check.hpp"

namespace bulkhead::net {
namespace {

constexpr uint16_t kDhcpServer = 67;
constexpr uint16_t kDhcpV6Server = 547;
constexpr uint8_t kSourceLinkAddress = 1;
constexpr uint8_t kTargetLinkAddress = 2;
constexpr uint8_t kFirstListenerMessage = 130, kLastListenerMessage = 132;
constexpr uint8_t kListenerReportV2 = 143;

bool may_claim(const Lease& lease, const Packet& arp) {
  if (arp.arp_sender_mac != lease.mac) return false;
  if (arp.from == lease.v4) return true;
  return arp.arp_op == 1 && arp.from.zero();  // a probe claims nothing
}

// The options behind `at` name no other link-layer address than the member's own.
bool options_are_own(const Lease& lease, Bytes message, size_t at) {
  while (at < message.size()) {
    if (message.size() - at < 8) return false;
    const size_t length = static_cast<size_t>(message[at + 1]) * 8;
    if (length == 0 || length > message.size() - at) return false;
    const bool link = message[at] == kSourceLinkAddress || message[at] == kTargetLinkAddress;
    if (link && (length != 8 || Mac::read(message, at + 2) != lease.mac)) return false;
    at += length;
  }
  return true;
}

bool may_say_as_neighbour(const Lease& lease, const Packet& packet) {
  // What comes in pieces or behind extension headers can't be judged (RFC 6980).
  if (packet.extended || packet.hops != 255 || packet.icmp_code != 0) return false;
  const Bytes message = packet.frame.subspan(packet.payload);
  switch (packet.icmp_type) {
    case kRouterSolicitation:
      return options_are_own(lease, message, 8);
    case kNeighbourSolicitation:
      return message.size() >= 24 && options_are_own(lease, message, 24);
    case kNeighbourAdvertisement: {
      if (message.size() < 24 || !options_are_own(lease, message, 24)) return false;
      const Ip target = Ip::read6(message, 8);
      return lease.owns(target) || target == link_local_of(lease.mac);
    }
    default:
      return false;  // router advertisements and redirects
  }
}

// Before an interface has an address it asks whether others have it, and which groups it is in.
bool may_be_nameless(const Packet& packet) {
  if (!packet.has_icmp) return false;
  return packet.icmp_type == kNeighbourSolicitation || packet.icmp_type == kRouterSolicitation ||
         packet.icmp_type == kListenerReportV2 ||
         (packet.icmp_type >= kFirstListenerMessage && packet.icmp_type <= kLastListenerMessage);
}

bool may_send_ipv6(const Lease& lease, const Packet& packet) {
  const bool own = lease.owns(packet.from) || packet.from == link_local_of(lease.mac) ||
                   (packet.from.zero() && may_be_nameless(packet));
  if (!own) return false;
  if (packet.has_ports && packet.protocol == kUdp && packet.source_port == kDhcpV6Server)
    return false;
  if (packet.fragment && packet.protocol == kIcmpV6) return false;
  return !packet.is_neighbour_discovery() || may_say_as_neighbour(lease, packet);
}

}  // namespace

bool may_send(const Lease& lease, const Packet& packet) {
  if (packet.source != lease.mac) return false;
  switch (packet.kind) {
    case Packet::Kind::kArp:
      return may_claim(lease, packet);
    case Packet::Kind::kIpv4:
      if (packet.has_ports && packet.protocol == kUdp && packet.source_port == kDhcpServer)
        return false;
      return packet.from == lease.v4;
    case Packet::Kind::kIpv6:
      return may_send_ipv6(lease, packet);
  }
  return false;
}

}  // namespace bulkhead::net
