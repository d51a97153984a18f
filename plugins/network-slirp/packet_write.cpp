#include "packet_write.hpp"

#include <algorithm>

namespace bulkhead::network {
namespace {

constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kUdpHeader = 8;
constexpr uint8_t kHops = 64;

void put(std::vector<uint8_t>& bytes, std::size_t at, Bytes value) {
  std::copy(value.begin(), value.end(), bytes.begin() + std::ptrdiff_t(at));
}

// The sums of a whole IP packet behind an Ethernet header, from what stands there now.
void seal(std::vector<uint8_t>& bytes) {
  auto packet = packet_in(Frame(bytes));
  if (!packet) return;
  auto ip = std::size_t(packet->ip.data() - bytes.data());
  auto transport = std::size_t(packet->transport.data() - bytes.data());
  if (!packet->v6)
    write16(bytes.data() + ip + 10, ipv4_header_checksum(packet->ip.first(transport - ip)));
  std::size_t own = packet->protocol == kTcp ? 16 : packet->protocol == kIcmpv6 ? 2 : 6;
  if (packet->transport.size() < own + 2) return;
  uint16_t sum = transport_checksum(*packet);
  // In UDP a zero means that there is none.
  if (packet->protocol == kUdp && sum == 0) sum = 0xffff;
  write16(bytes.data() + transport + own, sum);
}

std::vector<uint8_t> with_port(const Frame& frame, std::size_t which, uint16_t port) {
  std::vector<uint8_t> copy(frame.bytes.begin(), frame.bytes.end());
  auto packet = packet_in(Frame(copy));
  if (!packet || packet->transport.size() < 4) return copy;
  write16(copy.data() + (packet->transport.data() - copy.data()) + which, port);
  seal(copy);
  return copy;
}

void put_ethernet(std::vector<uint8_t>& bytes, const Mac& to, const Mac& from, uint16_t type) {
  put(bytes, 0, to);
  put(bytes, 6, from);
  write16(bytes.data() + 12, type);
}

void put_ipv6(std::vector<uint8_t>& bytes, uint8_t protocol, uint8_t hops, const Address6& from,
              const Address6& to) {
  uint8_t* ip = bytes.data() + kEthernetHeader;
  ip[0] = 0x60;
  write16(ip + 4, static_cast<uint16_t>(bytes.size() - kEthernetHeader - kIpv6Header));
  ip[6] = protocol;
  ip[7] = hops;
  put(bytes, kEthernetHeader + 8, from);
  put(bytes, kEthernetHeader + 24, to);
}

constexpr Mac kAnyGateway = {0x52, 0x55, 0, 0, 0, 0};

}  // namespace

std::vector<uint8_t> udp_reply(const Frame& frame, const Packet& asked, Bytes payload) {
  std::size_t header = asked.v6 ? kIpv6Header : kIpv4Header;
  std::vector<uint8_t> bytes(kEthernetHeader + header + kUdpHeader + payload.size());
  put_ethernet(bytes, frame.source(), frame.destination(), frame.type());
  if (asked.v6) {
    put_ipv6(bytes, kUdp, kHops, asked.destination, asked.source);
  } else {
    uint8_t* ip = bytes.data() + kEthernetHeader;
    ip[0] = 0x45;
    write16(ip + 2, static_cast<uint16_t>(bytes.size() - kEthernetHeader));
    ip[8] = kHops;
    ip[9] = kUdp;
    put(bytes, kEthernetHeader + 12, asked.destination4());
    put(bytes, kEthernetHeader + 16, asked.source4());
  }
  uint8_t* udp = bytes.data() + kEthernetHeader + header;
  write16(udp, asked.destination_port);
  write16(udp + 2, asked.source_port);
  write16(udp + 4, static_cast<uint16_t>(kUdpHeader + payload.size()));
  put(bytes, kEthernetHeader + header + kUdpHeader, payload);
  seal(bytes);
  return bytes;
}

std::vector<uint8_t> with_source_port(const Frame& frame, uint16_t port) {
  return with_port(frame, 0, port);
}

std::vector<uint8_t> with_destination_port(const Frame& frame, uint16_t port) {
  return with_port(frame, 2, port);
}

std::vector<uint8_t> arp_introduction(const Mac& mac, const Address4& ipv4, const Address4& to) {
  std::vector<uint8_t> bytes(kEthernetHeader + 28);
  put_ethernet(bytes, kAnyGateway, mac, kTypeArp);
  constexpr uint8_t kReply[8] = {0, 1, 8, 0, 6, 4, 0, 2};
  put(bytes, kEthernetHeader, kReply);
  put(bytes, kEthernetHeader + 8, mac);
  put(bytes, kEthernetHeader + 14, ipv4);
  put(bytes, kEthernetHeader + 18, kAnyGateway);
  put(bytes, kEthernetHeader + 24, to);
  return bytes;
}

std::vector<uint8_t> ndp_introduction(const Mac& mac, const Address6& ipv6, const Address6& to) {
  constexpr std::size_t kAdvertisement = 32;
  constexpr uint8_t kType = 136;
  constexpr uint8_t kSolicitedOverride = 0x60;
  std::vector<uint8_t> bytes(kEthernetHeader + kIpv6Header + kAdvertisement);
  put_ethernet(bytes, kAnyGateway, mac, kTypeIpv6);
  put_ipv6(bytes, kIcmpv6, 255, ipv6, to);
  std::size_t icmp = kEthernetHeader + kIpv6Header;
  bytes[icmp] = kType;
  bytes[icmp + 4] = kSolicitedOverride;
  put(bytes, icmp + 8, ipv6);
  bytes[icmp + 24] = 2;  // option: target's link-layer address, 8 bytes
  bytes[icmp + 25] = 1;
  put(bytes, icmp + 26, mac);
  seal(bytes);
  return bytes;
}

}  // namespace bulkhead::network
