#include "ethernet.hpp"

#include <algorithm>

namespace bulkhead::network {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kTcpHeader = 20;

void read_ports(Packet& packet) {
  const Bytes& bytes = packet.transport;
  if (packet.protocol == kTcp && bytes.size() >= kTcpHeader)
    packet.tcp_flags = bytes[13];
  else if (packet.protocol != kUdp || bytes.size() < kUdpHeader)
    return;
  packet.source_port = read16(bytes.data());
  packet.destination_port = read16(bytes.data() + 2);
}

std::optional<Packet> ipv4_in(Bytes bytes) {
  if (bytes.size() < kIpv4Header || bytes[0] >> 4 != 4) return std::nullopt;
  std::size_t header = std::size_t(bytes[0] & 15) * 4;
  std::size_t total = read16(bytes.data() + 2);
  if (header < kIpv4Header || total < header || total > bytes.size()) return std::nullopt;
  Packet packet;
  packet.ip = bytes.first(total);
  packet.transport = packet.ip.subspan(header);
  packet.protocol = bytes[9];
  packet.fragment = (read16(bytes.data() + 6) & 0x3fff) != 0;  // more fragments, or an offset
  std::copy_n(bytes.data() + 12, 4, packet.source.begin());
  std::copy_n(bytes.data() + 16, 4, packet.destination.begin());
  if (!packet.fragment) read_ports(packet);
  return packet;
}

std::optional<Packet> ipv6_in(Bytes bytes) {
  if (bytes.size() < kIpv6Header || bytes[0] >> 4 != 6) return std::nullopt;
  std::size_t total = kIpv6Header + read16(bytes.data() + 4);
  if (total > bytes.size()) return std::nullopt;
  Packet packet;
  packet.v6 = true;
  packet.ip = bytes.first(total);
  packet.transport = packet.ip.subspan(kIpv6Header);
  packet.protocol = bytes[6];
  std::copy_n(bytes.data() + 8, 16, packet.source.begin());
  std::copy_n(bytes.data() + 24, 16, packet.destination.begin());
  read_ports(packet);
  return packet;
}

uint32_t sum_of(Bytes bytes) {
  uint32_t sum = 0;
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) sum += read16(bytes.data() + i);
  if (i < bytes.size()) sum += uint32_t(bytes[i]) << 8;
  return sum;
}

uint16_t folded(uint64_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

}  // namespace

std::optional<Frame> frame_in(Bytes bytes) {
  if (bytes.size() < kEthernetHeader || bytes.size() > kLongestFrame) return std::nullopt;
  return Frame(bytes);
}

std::optional<Packet> packet_in(const Frame& frame) {
  if (frame.type() == kTypeIpv4) return ipv4_in(frame.payload());
  if (frame.type() == kTypeIpv6) return ipv6_in(frame.payload());
  return std::nullopt;
}

uint16_t transport_checksum(const Packet& packet) {
  std::size_t addresses = packet.v6 ? 16 : 4;
  uint64_t sum = uint64_t{sum_of(Bytes(packet.source).first(addresses))} +
                 sum_of(Bytes(packet.destination).first(addresses)) + packet.protocol +
                 packet.transport.size() + sum_of(packet.transport);
  std::size_t own = packet.protocol == kTcp ? 16 : packet.protocol == kIcmpv6 ? 2 : 6;
  if (packet.transport.size() >= own + 2) sum -= read16(packet.transport.data() + own);
  return folded(sum);
}

uint16_t ipv4_header_checksum(Bytes header) {
  return folded(uint64_t{sum_of(header)} - read16(header.data() + 10));
}

}  // namespace bulkhead::network
