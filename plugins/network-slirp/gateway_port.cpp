#include "gateway_port.hpp"

#include "packet_build.hpp"

namespace bulkhead::net {
namespace {

constexpr uint16_t kDns = 53;

Clock::time_point now() {
  return Clock::now();
}

}  // namespace

GatewayPort::GatewayPort(loop::Loop& loop, Parts parts, DnsZone& zone, const Switch& members,
                         std::function<void(const std::string&)> complain)
    : parts_(std::move(parts)), members_(members) {
  stack_ = std::make_unique<SlirpStack>(
      loop, parts_.gateway, parts_.mtu, [this](std::span<uint8_t> frame) { from_beyond(frame); },
      std::move(complain));
  if (!parts_.policy.internal)
    forwarder_ = std::make_unique<DnsForwarder>(loop, parts_.resolv_conf, parts_.dns_port);
  dns_ = std::make_unique<DnsServer>(
      loop, zone, forwarder_.get(),
      [this](const SocketAddress& peer) { return stack_->is_own_connection(peer); });
}

void GatewayPort::receive(Member& member, const Packet& packet, std::span<uint8_t> frame) {
  if (const auto asked = asked_neighbour(packet)) return answer_neighbour(member, packet, *asked);
  if (!packet.is_ip() || packet.is_neighbour_discovery()) return;
  if (!packet.fragment) return judge(member, packet, frame);
  Buffer whole = member.pieces.add(packet, now());
  const auto parsed = parse_packet(whole);
  if (parsed) judge(member, *parsed, whole);
}

void GatewayPort::answer_neighbour(Member& member, const Packet& packet, const Ip& asked) {
  const Gateway& gateway = parts_.gateway;
  if (!gateway.owns(asked)) return;
  if (!asked.v6) {
    member.socket->send(build_arp_reply(gateway.mac, asked, packet.source, packet.from));
  } else if (!packet.from.zero()) {
    member.socket->send(build_neighbour_advertisement(
        {gateway.mac, packet.source, asked, packet.from}, asked, gateway.mac));
  }
}

void GatewayPort::judge(Member& member, const Packet& packet, std::span<uint8_t> frame) {
  const Gateway& gateway = parts_.gateway;
  if (packet.protocol == kUdp && packet.has_ports && packet.destination_port == kDns &&
      gateway.owns(packet.to) && member.lease.owns(packet.from) && !packet.extended)
    return answer_name(packet);
  switch (parts_.policy.judge(packet, member.lease, gateway, answers_, host_.at(now()), now())) {
    case Passage::kDrop:
      return;
    case Passage::kRefuse:
      member.socket->send(
          build_refusal(packet, gateway.mac, packet.from.v6 ? *gateway.v6 : gateway.v4));
      return;
    case Passage::kPass:
      break;
  }
  const bool echo_to_gateway = packet.has_icmp && gateway.owns(packet.to);
  if (!echo_to_gateway && !member.flows.admit(packet, now())) return;
  if (packet.protocol == kUdp && !member.ports.aliases().none()) {
    if (const auto alias = member.ports.aliases().leaves_by(packet))
      rewrite_port(frame, packet, true, *alias);
  }
  carry(packet, frame);
}

void GatewayPort::answer_name(const Packet& packet) {
  const Ends ends{parts_.gateway.mac, packet.source, packet.to, packet.from};
  const uint16_t port = packet.source_port;
  // The member may be gone when the answer comes, and another have its address: the MAC decides.
  dns_->ask(packet.from, packet.data_bytes(), true, [this, ends, port](const Buffer& answer) {
    Member* member = members_.by_ip(ends.destination);
    if (member == nullptr || member->lease.mac != ends.destination_mac) return;
    member->socket->send(build_udp(ends, kDns, port, answer));
  });
}

void GatewayPort::carry(const Packet& packet, std::span<uint8_t> frame) {
  if (packet.protocol == kTcp && packet.destination_port == kDns &&
      parts_.gateway.owns(packet.to)) {
    const uint16_t port = dns_->tcp_port(packet.to.v6);
    if (port == 0) return;
    rewrite_port(frame, packet, false, port);
  }
  stack_->input(packet.frame);
}

void GatewayPort::reset_all(Member& member) {
  for (Buffer& frame : member.flows.resets(member.lease, parts_.gateway.mac)) {
    const auto packet = parse_packet(frame);
    if (packet) carry(*packet, frame);
  }
}

void GatewayPort::from_beyond(std::span<uint8_t> frame) {
  const auto packet = parse_packet(frame);
  if (!packet) return;
  if (const auto asked = asked_neighbour(*packet)) return answer_stack(*packet, *asked);
  // Routers aren't announced here: addresses and routes are given to a container.
  if (!packet->is_ip() || packet->is_neighbour_discovery()) return;
  deliver(*packet, frame.first(packet->frame.size()));
}

// libslirp remembers few neighbours and asks again; the leases know.
void GatewayPort::answer_stack(const Packet& packet, const Ip& asked) {
  const Member* member = members_.by_ip(asked);
  if (member == nullptr) return;
  const Mac mac = member->lease.mac;
  stack_->input_later(
      asked.v6 ? build_neighbour_advertisement({mac, packet.source, asked, packet.from}, asked, mac)
               : build_arp_reply(mac, asked, packet.source, packet.from));
}

void GatewayPort::deliver(const Packet& packet, std::span<uint8_t> frame) {
  Member* member = members_.by_ip(packet.to);
  if (member == nullptr) return;
  member->lease.mac.write(frame, 0);
  parts_.gateway.mac.write(frame, 6);
  std::optional<Packet> seen = packet;
  if (packet.protocol == kTcp && packet.has_ports && parts_.gateway.owns(packet.from) &&
      packet.source_port == dns_->tcp_port(packet.from.v6)) {
    rewrite_port(frame, packet, true, kDns);
    seen->source_port = kDns;
  }
  if (packet.protocol == kUdp && packet.has_ports && !member->ports.aliases().none()) {
    if (const auto port = member->ports.aliases().arrived(packet)) {
      rewrite_port(frame, packet, false, *port);
      seen->destination_port = *port;
    }
  }
  if (packet.has_ports || packet.has_icmp) {
    answers_.asked(*seen, now());
    member->flows.seen(*seen, now());
  }
  member->socket->send(frame);
}

}  // namespace bulkhead::net
