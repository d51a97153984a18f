#include "packet_build.hpp"

#include <algorithm>

namespace bulkhead::net {
namespace {

constexpr size_t kUdpHeader = 8;

uint64_t sum_of(Bytes bytes, uint64_t sum = 0) {
  size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) sum += read16(bytes, i);
  if (i < bytes.size()) sum += static_cast<uint64_t>(bytes[i]) << 8;
  return sum;
}

uint16_t folded(uint64_t sum) {
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

void append_ethernet(Buffer& out, Mac destination, Mac source, uint16_t type) {
  out.resize(12);
  destination.write(out, 0);
  source.write(out, 6);
  append16(out, type);
}

void append_ipv4(Buffer& out, const Ends& ends, uint8_t protocol, size_t size, uint8_t hops) {
  const size_t begin = out.size();
  out.push_back(0x45);
  out.push_back(0);
  append16(out, static_cast<uint16_t>(20 + size));
  append16(out, 0);       // nothing is fragmented, so nothing needs an identity
  append16(out, 0x4000);  // don't fragment
  out.push_back(hops);
  out.push_back(protocol);
  append16(out, 0);
  append(out, ends.source.span());
  append(out, ends.destination.span());
  write16(out, begin + 10, checksum(Bytes(out).subspan(begin)));
}

void append_ipv6(Buffer& out, const Ends& ends, uint8_t protocol, size_t size, uint8_t hops) {
  append32(out, 0x60000000);
  append16(out, static_cast<uint16_t>(size));
  out.push_back(protocol);
  out.push_back(hops);
  append(out, ends.source.span());
  append(out, ends.destination.span());
}

Ends answer_to(const Packet& packet, Mac mac, const Ip& from) {
  return {mac, packet.source, from, packet.from};
}

Buffer build_reset(const Packet& packet, Mac mac) {
  if ((packet.tcp_flags & kRst) != 0) return {};
  const bool acked = (packet.tcp_flags & kAck) != 0;
  return build_tcp(
      answer_to(packet, mac, packet.to),
      {packet.destination_port, packet.source_port, acked ? packet.ack : 0,
       packet.seq + packet.tcp_length(), static_cast<uint8_t>(acked ? kRst : kRst | kAck)});
}

}  // namespace

uint16_t checksum(Bytes bytes) {
  return folded(sum_of(bytes));
}

uint16_t checksum(const Ip& from, const Ip& to, uint8_t protocol, Bytes payload) {
  uint64_t sum = sum_of(from.span());
  sum = sum_of(to.span(), sum);
  sum += payload.size() + protocol;
  return folded(sum_of(payload, sum));
}

Buffer build_ip(const Ends& ends, uint8_t protocol, Bytes payload, uint8_t hops) {
  Buffer out;
  out.reserve(kEthernetHeader + 40 + payload.size());
  append_ethernet(out, ends.destination_mac, ends.source_mac,
                  ends.source.v6 ? kEtherIpv6 : kEtherIpv4);
  if (ends.source.v6) {
    append_ipv6(out, ends, protocol, payload.size(), hops);
  } else {
    append_ipv4(out, ends, protocol, payload.size(), hops);
  }
  append(out, payload);
  return out;
}

Buffer build_udp(const Ends& ends, uint16_t source_port, uint16_t destination_port, Bytes data) {
  if (data.size() > 65535 - 20 - kUdpHeader) return {};
  Buffer datagram;
  append16(datagram, source_port);
  append16(datagram, destination_port);
  append16(datagram, static_cast<uint16_t>(kUdpHeader + data.size()));
  append16(datagram, 0);
  append(datagram, data);
  const uint16_t sum = checksum(ends.source, ends.destination, kUdp, datagram);
  write16(datagram, 6, sum == 0 ? 0xffff : sum);
  return build_ip(ends, kUdp, datagram);
}

Buffer build_tcp(const Ends& ends, const Segment& segment) {
  Buffer out;
  append16(out, segment.source_port);
  append16(out, segment.destination_port);
  append32(out, segment.seq);
  append32(out, segment.ack);
  out.push_back(5 << 4);
  out.push_back(segment.flags);
  append16(out, 0);  // no window: nothing will be received
  append32(out, 0);
  write16(out, 16, checksum(ends.source, ends.destination, kTcp, out));
  return build_ip(ends, kTcp, out);
}

Buffer build_arp_reply(Mac sender_mac, const Ip& sender, Mac target_mac, const Ip& target) {
  Buffer out;
  append_ethernet(out, target_mac, sender_mac, kEtherArp);
  append16(out, 1);
  append16(out, kEtherIpv4);
  append16(out, 0x0604);
  append16(out, 2);
  out.resize(out.size() + 6);
  sender_mac.write(out, out.size() - 6);
  append(out, sender.span());
  out.resize(out.size() + 6);
  target_mac.write(out, out.size() - 6);
  append(out, target.span());
  return out;
}

Buffer build_neighbour_advertisement(const Ends& ends, const Ip& target, Mac target_mac) {
  Buffer message = {kNeighbourAdvertisement, 0, 0, 0};
  append32(message, 0x60000000);  // solicited, override
  append(message, target.span());
  message.push_back(2);  // the target's link-layer address
  message.push_back(1);
  message.resize(message.size() + 6);
  target_mac.write(message, message.size() - 6);
  write16(message, 2, checksum(ends.source, ends.destination, kIcmpV6, message));
  return build_ip(ends, kIcmpV6, message, 255);
}

std::optional<Ip> asked_neighbour(const Packet& packet) {
  if (packet.kind == Packet::Kind::kArp) {
    if (packet.arp_op != 1) return std::nullopt;
    return packet.to;
  }
  const bool asks = packet.kind == Packet::Kind::kIpv6 && packet.has_icmp && !packet.extended &&
                    packet.icmp_type == kNeighbourSolicitation && packet.hops == 255 &&
                    packet.frame.size() >= packet.payload + 24;
  if (!asks) return std::nullopt;
  return Ip::read6(packet.frame, packet.payload + 8);
}

Buffer build_refusal(const Packet& packet, Mac gateway_mac, const Ip& gateway) {
  if (!packet.is_ip() || packet.fragment_offset != 0 || packet.to.multicast()) return {};
  if (packet.protocol == kTcp) return build_reset(packet, gateway_mac);
  const bool v6 = packet.kind == Packet::Kind::kIpv6;
  if (packet.has_icmp && packet.icmp_type != (v6 ? uint8_t{kEchoRequestV6} : uint8_t{kEchoRequest}))
    return {};
  Buffer message;
  if (v6) {
    message = {1, 1, 0, 0, 0, 0, 0, 0};  // destination unreachable, administratively prohibited
  } else {
    message = {3, 13, 0, 0, 0, 0, 0, 0};
  }
  const Bytes quoted = packet.frame.subspan(kEthernetHeader);
  append(message, quoted.first(std::min<size_t>(quoted.size(), v6 ? 1200 : 500)));
  const Ends ends = answer_to(packet, gateway_mac, gateway);
  write16(message, 2,
          v6 ? checksum(ends.source, ends.destination, kIcmpV6, message) : checksum(message));
  return build_ip(ends, v6 ? kIcmpV6 : kIcmp, message);
}

void rewrite_port(std::span<uint8_t> frame, const Packet& packet, bool source, uint16_t port) {
  const size_t at = packet.payload + (source ? 0 : 2);
  const bool udp = packet.protocol == kUdp;
  const size_t sum_at = packet.payload + (udp ? 6 : 16);
  const bool unsummed = udp && read16(frame, sum_at) == 0;
  // RFC 1624: the sum changes by what changed.
  uint32_t sum = static_cast<uint16_t>(~read16(frame, sum_at));
  sum += static_cast<uint16_t>(~read16(frame, at));
  sum += port;
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = static_cast<uint16_t>(~sum);
  if (udp && sum == 0) sum = 0xffff;  // zero says that there is none
  if (!unsummed) write16(frame, sum_at, static_cast<uint16_t>(sum));
  write16(frame, at, port);
}

}  // namespace bulkhead::net
