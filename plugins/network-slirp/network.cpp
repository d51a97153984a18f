#include "network.hpp"

#include "packet_write.hpp"

namespace bulkhead::network {
namespace {

constexpr uint16_t kNamePort = 53;
constexpr uint8_t kNeighbourSolicitation = 135;
constexpr uint8_t kNeighbourAdvertisement = 136;

Prefix prefix4(const Address4& base, int bits) {
  Prefix prefix;
  std::copy(base.begin(), base.end(), prefix.base.begin());
  prefix.bits = bits;
  return prefix;
}

dns::Zone::Host zone_of(const NetworkPlan& plan) {
  return {plan.rules.gateway4, plan.rules.gateway6,
          prefix4(plan.gateway.network, plan.gateway.prefix),
          Prefix{true, plan.gateway.network6, plan.gateway.prefix6}};
}

bool finds_neighbours(const Packet& packet) {
  if (packet.protocol != kIcmpv6 || packet.transport.empty()) return false;
  return packet.transport[0] == kNeighbourSolicitation ||
         packet.transport[0] == kNeighbourAdvertisement;
}

}  // namespace

Network::Network(const NetworkPlan& plan)
    : plan_(plan),
      gateway_(plan.gateway, [this](Bytes frame) { from_gateway(frame); }),
      names_(zone_of(plan), plan.rules.internal, plan.resolv_conf, plan.resolver_port),
      name_port_(names_.listen()) {}

std::string Network::join_host(std::string& why) {
  if (plan_.tap.empty() || tap_) return interface();
  Tap::Plan tap;
  tap.name = plan_.tap;
  tap.ipv4 = plan_.tap4;
  tap.prefix = plan_.gateway.prefix;
  tap.ipv6 = plan_.tap6;
  tap.prefix6 = plan_.gateway.prefix6;
  tap.mtu = plan_.gateway.mtu;
  tap.answers_only = plan_.rules.internal || !plan_.rules.host_loopback;
  auto opened = Tap::open(tap);
  if (!opened) {
    why = opened.error().message;
    return {};
  }
  tap_ = std::move(*opened);
  host_.set_own_interface(tap_->name());
  return tap_->name();
}

const std::string& Network::interface() const {
  static const std::string kNone;
  return tap_ ? tap_->name() : kNone;
}

void Network::set_names(std::vector<std::string> domains, std::vector<std::string> host_names) {
  names_.zone().set_domains(std::move(domains), std::move(host_names));
}

Status Network::publish(const Membership& membership) {
  for (std::size_t i = 0; i < membership.ports.size(); ++i) {
    auto published =
        gateway_.publish(membership.ports[i], membership.identity.ipv4, membership.identity.ipv6);
    if (published) continue;
    while (i-- > 0) gateway_.withdraw(membership.ports[i]);
    return published;
  }
  return {};
}

// So that the first packet to it needn't wait for a question and its answer.
void Network::introduce(const Identity& identity) {
  gateway_.input(arp_introduction(identity.mac, identity.ipv4, plan_.rules.gateway4));
  gateway_.input(ndp_introduction(identity.mac, identity.ipv6, plan_.rules.gateway6));
}

Status Network::attach(Membership membership, UniqueFd link) {
  detach(membership.container);
  const Identity& identity = membership.identity;
  if (is_group(identity.mac) || Gateway::owns(identity.mac) ||
      (tap_ && tap_->mac() == identity.mac))
    return fail(Code::kInvalid, "the MAC address belongs to the network itself",
                "leave mac= out, or choose one that begins with 02");
  if (Member* other = find(identity.mac))
    return fail(Code::kConflict, "container " + other->is.container + " has that MAC address");
  if (auto published = publish(membership); !published) return published;
  introduce(identity);
  names_.zone().add(membership.container, membership.names, identity.ipv4, identity.ipv6);
  std::string container = membership.container;
  auto member =
      std::make_unique<Member>(Member{std::move(membership), MemberLink(std::move(link))});
  by_mac_[member->is.identity.mac] = member.get();
  members_[container] = std::move(member);
  return {};
}

void Network::detach(const std::string& container) {
  auto found = members_.find(container);
  if (found == members_.end()) return;
  for (const PublishedPort& port : found->second->is.ports) gateway_.withdraw(port);
  names_.zone().remove(container);
  by_mac_.erase(found->second->is.identity.mac);
  members_.erase(found);
}

std::vector<Membership> Network::members() const {
  std::vector<Membership> all;
  for (const auto& [container, member] : members_) all.push_back(member->is);
  return all;
}

Network::Member* Network::find(const Mac& mac) {
  auto found = by_mac_.find(mac);
  return found == by_mac_.end() ? nullptr : found->second;
}

void Network::flood(const Frame& frame, const Member* but) {
  for (const auto& [container, member] : members_)
    if (member.get() != but) member->link.send(frame.bytes);
}

void Network::from_member(Member& member, Bytes bytes) {
  auto frame = frame_in(bytes);
  if (!frame || !may_send(*frame, member.is.identity)) return;
  Mac to = frame->destination();
  if (Member* other = find(to)) return other->link.send(bytes);
  if (is_group(to)) {
    flood(*frame, &member);
    if (tap_) tap_->to_host(*frame, now_);
    return to_gateway(member, *frame);
  }
  if (tap_ && to == tap_->mac()) return tap_->to_host(*frame, now_);
  if (Gateway::owns(to)) to_gateway(member, *frame);
}

void Network::to_gateway(Member& member, const Frame& frame) {
  if (frame.type() == kTypeArp) return gateway_.input(frame.bytes);
  auto packet = packet_in(frame);
  if (!packet || packet->fragment) return;
  if (packet->v6 && finds_neighbours(*packet)) return gateway_.input(frame.bytes);
  if (is_group(frame.destination())) return;
  if (is_name_query(*packet, plan_.rules)) {
    if (packet->protocol == kUdp) return ask_names(member, frame, *packet);
    if (name_port_ != 0) gateway_.input(with_destination_port(frame, name_port_));
    return;
  }
  if (begins(*packet) && !from_outside_.answers(*packet, now_) &&
      !may_begin(*packet, plan_.rules, host_.at(now_)))
    return;
  gateway_.input(frame.bytes);
}

void Network::ask_names(const Member& member, const Frame& frame, const Packet& packet) {
  constexpr std::size_t kUdpHeader = 8;
  if (packet.transport.size() <= kUdpHeader) return;
  // The asker may be gone when the answer comes, and its frame is gone in any case.
  std::vector<uint8_t> copy(frame.bytes.begin(), frame.bytes.end());
  names_.ask(packet.transport.subspan(kUdpHeader), false, now_,
             [this, container = member.is.container,
              copy = std::move(copy)](const std::vector<uint8_t>& answer) {
               auto asker = members_.find(container);
               auto asked = frame_in(copy);
               if (asker == members_.end() || !asked) return;
               if (auto question = packet_in(*asked))
                 asker->second->link.send(udp_reply(*asked, *question, answer));
             });
}

void Network::from_gateway(Bytes bytes) {
  auto frame = frame_in(bytes);
  if (!frame) return;
  Mac to = frame->destination();
  if (is_group(to)) return flood(*frame, nullptr);
  Member* member = find(to);
  if (!member) return;
  auto packet = packet_in(*frame);
  if (packet && packet->protocol == kUdp) from_outside_.begun(*packet, now_);
  bool of_names = packet && packet->protocol == kTcp && name_port_ != 0 &&
                  packet->source_port == name_port_ &&
                  (packet->v6 ? packet->source == plan_.rules.gateway6
                              : packet->source4() == plan_.rules.gateway4);
  if (of_names) return member->link.send(with_source_port(*frame, kNamePort));
  member->link.send(bytes);
}

void Network::from_host(Bytes bytes) {
  auto frame = frame_in(bytes);
  if (!frame) return;
  if (is_group(frame->destination())) return flood(*frame, nullptr);
  if (Member* member = find(frame->destination())) member->link.send(bytes);
}

void Network::fill(PollSet& set, Milliseconds now) {
  for (const auto& [container, member] : members_) member->link.fill(set);
  if (tap_) tap_->fill(set);
  names_.fill(set, now);
  gateway_.fill(set);
}

void Network::handle(PollSet& set, Milliseconds now) {
  now_ = now;
  gateway_.handle(set);
  names_.handle(set, now);
  if (tap_) tap_->handle(set, now, [this](Bytes frame) { from_host(frame); });
  for (const auto& [container, member] : members_)
    member->link.handle(set,
                        [&, owner = member.get()](Bytes frame) { from_member(*owner, frame); });
}

}  // namespace bulkhead::network
