#include "frame_check.hpp"

namespace bulkhead::network {
namespace {

constexpr std::size_t kArp = 28;
constexpr uint8_t kRouterAdvertisement = 134;
constexpr uint8_t kNeighbourAdvertisement = 136;
constexpr uint8_t kRedirect = 137;

bool is_link_local(const Address6& address) {
  return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

bool own_or_local(const Address6& address, const Identity& identity) {
  return address == identity.ipv6 || is_link_local(address);
}

bool may_send_arp(Bytes arp, const Identity& identity) {
  if (arp.size() < kArp || read16(arp.data() + 2) != kTypeIpv4) return false;
  auto address = read_array<4>(arp.data() + 14);
  return read_array<6>(arp.data() + 8) == identity.mac &&
         (address == identity.ipv4 || address == Address4{});
}

bool may_send_icmpv6(const Packet& packet, const Identity& identity) {
  const Bytes& message = packet.transport;
  if (message.size() < 4) return false;
  uint8_t type = message[0];
  if (type == kRouterAdvertisement || type == kRedirect) return false;
  if (type != kNeighbourAdvertisement) return true;
  return message.size() >= 24 && own_or_local(read_array<16>(message.data() + 8), identity);
}

bool may_send_ipv6(const Packet& packet, const Identity& identity) {
  if (packet.source != Address6{} && !own_or_local(packet.source, identity)) return false;
  if (packet.protocol == kIcmpv6) return may_send_icmpv6(packet, identity);
  return packet.protocol == kTcp || packet.protocol == kUdp;
}

}  // namespace

bool may_send(const Frame& frame, const Identity& identity) {
  if (frame.source() != identity.mac) return false;
  if (frame.type() == kTypeArp) return may_send_arp(frame.payload(), identity);
  auto packet = packet_in(frame);
  if (!packet) return false;
  if (packet->v6) return may_send_ipv6(*packet, identity);
  return packet->source4() == identity.ipv4;
}

}  // namespace bulkhead::network
