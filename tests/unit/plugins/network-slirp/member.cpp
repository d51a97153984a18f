#include "member.hpp"

#include <sys/socket.h>

namespace bulkhead::network::test {
namespace {

Milliseconds now() {
  return std::chrono::duration_cast<Milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
}

void put32(std::vector<uint8_t>& bytes, std::size_t at, uint32_t value) {
  write16(bytes.data() + at, static_cast<uint16_t>(value >> 16));
  write16(bytes.data() + at + 2, static_cast<uint16_t>(value));
}

}  // namespace

NetworkPlan plan() {
  NetworkPlan plan;
  plan.gateway.network = {10, 0, 0, 0};
  plan.gateway.gateway4 = {10, 0, 0, 1};
  plan.gateway.network6 = {0xfd, 1};
  plan.gateway.gateway6 = {0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  plan.rules.gateway4 = plan.gateway.gateway4;
  plan.rules.gateway6 = plan.gateway.gateway6;
  return plan;
}

void turn(Network& network, int64_t milliseconds) {
  PollSet set;
  set.at_most(milliseconds);
  network.fill(set, now());
  set.wait();
  network.handle(set, now());
}

Member::Member(Network& network, uint8_t number, std::vector<PublishedPort> ports)
    : network_(network) {
  is_.container = "c" + std::to_string(number);
  is_.identity.mac = {0xf2, 0x62, 10, 0, 0, number};
  is_.identity.ipv4 = {10, 0, 0, number};
  is_.identity.ipv6 = {0xfd, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number};
  is_.names = {is_.container, "alias" + std::to_string(number)};
  is_.ports = std::move(ports);
  auto link = make_link();
  link_ = std::move(link->first);
  joined_ = network.attach(is_, std::move(link->second));
}

Mac Member::gateway_mac() const {
  return {0x52, 0x55, 10, 0, 0, 1};
}

void Member::send(const std::vector<uint8_t>& frame) {
  ::send(link_.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
  turn(network_);
}

std::optional<std::vector<uint8_t>> Member::receive(
    const std::function<bool(const Packet&)>& wanted, int turns) {
  std::vector<uint8_t> buffer(kLongestFrame);
  for (int i = 0; i < turns; ++i) {
    ssize_t got = recv(link_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got <= 0) {
      turn(network_);
      continue;
    }
    auto frame = frame_in(Bytes(buffer.data(), std::size_t(got)));
    auto packet = frame ? packet_in(*frame) : std::nullopt;
    if (packet && wanted(*packet))
      return std::vector<uint8_t>(buffer.begin(), buffer.begin() + got);
  }
  return std::nullopt;
}

std::vector<uint8_t> Member::ipv4(const Address4& to, uint8_t protocol,
                                  const std::vector<uint8_t>& transport) const {
  std::vector<uint8_t> frame(kEthernetHeader + 20);
  Mac mac = gateway_mac();
  if (to[3] != 1 && to[0] == 10) mac = {0xf2, 0x62, to[0], to[1], to[2], to[3]};
  std::copy(mac.begin(), mac.end(), frame.begin());
  std::copy(is_.identity.mac.begin(), is_.identity.mac.end(), frame.begin() + 6);
  write16(frame.data() + 12, kTypeIpv4);
  uint8_t* ip = frame.data() + kEthernetHeader;
  ip[0] = 0x45;
  write16(ip + 2, static_cast<uint16_t>(20 + transport.size()));
  ip[8] = 64;
  ip[9] = protocol;
  std::copy(is_.identity.ipv4.begin(), is_.identity.ipv4.end(), ip + 12);
  std::copy(to.begin(), to.end(), ip + 16);
  frame.insert(frame.end(), transport.begin(), transport.end());
  auto packet = packet_in(Frame(frame));
  write16(frame.data() + kEthernetHeader + 10, ipv4_header_checksum(packet->ip.first(20)));
  write16(frame.data() + kEthernetHeader + 20 + (protocol == kTcp ? 16 : 6),
          transport_checksum(*packet));
  return frame;
}

std::vector<uint8_t> Member::udp(const Address4& to, uint16_t from_port, uint16_t to_port,
                                 const std::string& text) const {
  std::vector<uint8_t> datagram(8);
  write16(datagram.data(), from_port);
  write16(datagram.data() + 2, to_port);
  write16(datagram.data() + 4, static_cast<uint16_t>(8 + text.size()));
  datagram.insert(datagram.end(), text.begin(), text.end());
  return ipv4(to, kUdp, datagram);
}

std::vector<uint8_t> Member::tcp(const Address4& to, uint16_t from_port, uint16_t to_port,
                                 uint8_t flags, uint32_t sequence, uint32_t acknowledged,
                                 const std::string& text) const {
  std::vector<uint8_t> segment(20);
  write16(segment.data(), from_port);
  write16(segment.data() + 2, to_port);
  put32(segment, 4, sequence);
  put32(segment, 8, acknowledged);
  segment[12] = 5 << 4;
  segment[13] = flags;
  write16(segment.data() + 14, 65535);
  segment.insert(segment.end(), text.begin(), text.end());
  return ipv4(to, kTcp, segment);
}

uint32_t sequence_of(const Packet& packet) {
  return uint32_t(read16(packet.transport.data() + 4)) << 16 | read16(packet.transport.data() + 6);
}

std::string text_of(const Packet& packet) {
  std::size_t header = packet.protocol == kUdp ? 8 : std::size_t(packet.transport[12] >> 4) * 4;
  Bytes text = packet.transport.subspan(header);
  return {text.begin(), text.end()};
}

}  // namespace bulkhead::network::test
