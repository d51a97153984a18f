#include "packet.hpp"

namespace bulkhead::net {
namespace {

constexpr size_t kIpv4Header = 20;
constexpr size_t kIpv6Header = 40;
constexpr size_t kUdpHeader = 8;
constexpr size_t kTcpHeader = 20;
constexpr size_t kMaxExtensions = 8;

enum Extension : uint8_t { kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60 };

bool parse_arp(Packet& packet) {
  const Bytes arp = packet.frame.subspan(kEthernetHeader);
  if (arp.size() < 28) return false;
  if (read16(arp, 0) != 1 || read16(arp, 2) != kEtherIpv4 || arp[4] != 6 || arp[5] != 4)
    return false;
  packet.frame = packet.frame.first(kEthernetHeader + 28);  // what follows is padding
  packet.arp_op = read16(arp, 6);
  packet.arp_sender_mac = Mac::read(arp, 8);
  packet.from = Ip::read4(arp, 14);
  packet.to = Ip::read4(arp, 24);
  return packet.arp_op == 1 || packet.arp_op == 2;
}

bool parse_tcp(Packet& packet, Bytes segment) {
  if (segment.size() < kTcpHeader) return false;
  const size_t header = static_cast<size_t>(segment[12] >> 4) * 4;
  if (header < kTcpHeader || header > segment.size()) return false;
  packet.seq = read32(segment, 4);
  packet.ack = read32(segment, 8);
  packet.tcp_flags = segment[13];
  packet.data = packet.payload + header;
  return true;
}

bool parse_udp(Packet& packet, Bytes datagram) {
  if (datagram.size() < kUdpHeader) return false;
  const size_t length = read16(datagram, 4);
  packet.data = packet.payload + kUdpHeader;
  if (packet.fragment) return length >= kUdpHeader;  // it counts what isn't here yet
  if (length < kUdpHeader || length > datagram.size()) return false;
  packet.frame = packet.frame.first(packet.payload + length);
  return true;
}

bool parse_icmp(Packet& packet, Bytes message) {
  if (message.size() < 8) return false;
  packet.has_icmp = true;
  packet.icmp_type = message[0];
  packet.icmp_code = message[1];
  packet.icmp_id = read16(message, 4);
  packet.icmp_sequence = read16(message, 6);
  return true;
}

bool parse_protocol(Packet& packet) {
  if (packet.fragment_offset != 0) return true;
  const Bytes payload = packet.frame.subspan(packet.payload);
  const uint8_t icmp = packet.kind == Packet::Kind::kIpv4 ? kIcmp : kIcmpV6;
  if (packet.protocol == icmp) return parse_icmp(packet, payload);
  if (packet.protocol != kTcp && packet.protocol != kUdp) return true;
  if (payload.size() < 4) return false;
  packet.has_ports = true;
  packet.source_port = read16(payload, 0);
  packet.destination_port = read16(payload, 2);
  return packet.protocol == kTcp ? parse_tcp(packet, payload) : parse_udp(packet, payload);
}

bool parse_ipv4(Packet& packet) {
  const Bytes ip = packet.frame.subspan(kEthernetHeader);
  if (ip.size() < kIpv4Header || ip[0] >> 4 != 4) return false;
  const size_t header = static_cast<size_t>(ip[0] & 15) * 4;
  const size_t total = read16(ip, 2);
  if (header < kIpv4Header || header > total || total > ip.size()) return false;
  packet.frame = packet.frame.first(kEthernetHeader + total);
  const uint16_t fragment = read16(ip, 6);
  packet.more_fragments = (fragment & 0x2000) != 0;
  packet.fragment_offset = static_cast<size_t>(fragment & 0x1fff) * 8;
  packet.fragment = packet.more_fragments || packet.fragment_offset != 0;
  packet.fragment_id = read16(ip, 4);
  packet.hops = ip[8];
  packet.protocol = ip[9];
  packet.from = Ip::read4(ip, 12);
  packet.to = Ip::read4(ip, 16);
  packet.payload = kEthernetHeader + header;
  return parse_protocol(packet);
}

// Walks the extension headers; the packet's payload and protocol are behind them then.
bool skip_extensions(Packet& packet) {
  for (size_t count = 0;; count++) {
    const uint8_t next = packet.protocol;
    if (next != kHopByHop && next != kRouting && next != kFragment && next != kDestination)
      return true;
    const Bytes rest = packet.frame.subspan(packet.payload);
    if (count == kMaxExtensions || rest.size() < 8) return false;
    packet.extended = true;
    size_t length = 8;
    if (next == kFragment) {
      if (packet.fragment) return false;
      const uint16_t offset = read16(rest, 2);
      packet.fragment = true;
      packet.more_fragments = (offset & 1) != 0;
      packet.fragment_offset = offset & 0xfff8;
      packet.fragment_id = read32(rest, 4);
    } else {
      length = (static_cast<size_t>(rest[1]) + 1) * 8;
    }
    if (length > rest.size()) return false;
    packet.protocol = rest[0];
    packet.payload += length;
    if (packet.fragment_offset != 0) return true;
  }
}

bool parse_ipv6(Packet& packet) {
  const Bytes ip = packet.frame.subspan(kEthernetHeader);
  if (ip.size() < kIpv6Header || ip[0] >> 4 != 6) return false;
  const size_t total = kIpv6Header + read16(ip, 4);
  if (total > ip.size()) return false;
  packet.frame = packet.frame.first(kEthernetHeader + total);
  packet.protocol = ip[6];
  packet.hops = ip[7];
  packet.from = Ip::read6(ip, 8);
  packet.to = Ip::read6(ip, 24);
  packet.payload = kEthernetHeader + kIpv6Header;
  return skip_extensions(packet) && parse_protocol(packet);
}

}  // namespace

std::optional<Packet> parse_packet(Bytes frame) {
  if (frame.size() < kEthernetHeader || frame.size() > kMaxFrame) return std::nullopt;
  Packet packet;
  packet.frame = frame;
  packet.destination = Mac::read(frame, 0);
  packet.source = Mac::read(frame, 6);
  bool good = false;
  switch (read16(frame, 12)) {
    case kEtherArp:
      packet.kind = Packet::Kind::kArp;
      good = parse_arp(packet);
      break;
    case kEtherIpv4:
      packet.kind = Packet::Kind::kIpv4;
      good = parse_ipv4(packet);
      break;
    case kEtherIpv6:
      packet.kind = Packet::Kind::kIpv6;
      good = parse_ipv6(packet);
      break;
    default:
      break;
  }
  if (!good) return std::nullopt;
  return packet;
}

}  // namespace bulkhead::net
