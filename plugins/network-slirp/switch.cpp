#include "switch.hpp"

#include "frame_check.hpp"
#include "packet_build.hpp"

namespace bulkhead::net {

void Switch::plug(Member& member) {
  by_mac_[member.lease.mac.value] = &member;
  by_ip_[member.lease.v4] = &member;
  if (member.lease.v6) by_ip_[*member.lease.v6] = &member;
}

void Switch::unplug(const Member& member) {
  const auto is_it = [&](const auto& entry) { return entry.second == &member; };
  std::erase_if(by_mac_, is_it);
  std::erase_if(by_ip_, is_it);
}

Member* Switch::by_ip(const Ip& ip) const {
  const auto found = by_ip_.find(ip);
  return found == by_ip_.end() ? nullptr : found->second;
}

void Switch::from_member(Member& member, std::span<uint8_t> frame) {
  const auto packet = parse_packet(frame);
  if (!packet || !may_send(member.lease, *packet)) return;
  if (packet->destination.multicast()) return spread(&member, *packet);
  if (packet->destination == gateway_.mac) return ports_.gateway(member, *packet);
  const auto found = by_mac_.find(packet->destination.value);
  if (found != by_mac_.end()) return found->second->socket->send(packet->frame);
  if (host_ != nullptr && packet->destination == host_->mac && ports_.host) ports_.host(*packet);
}

void Switch::from_host(std::span<uint8_t> frame) {
  const auto packet = parse_packet(frame);
  if (!packet) return;
  if (ports_.from_host) ports_.from_host(*packet);
  if (packet->destination.multicast()) return spread(nullptr, *packet);
  const auto found = by_mac_.find(packet->destination.value);
  if (found != by_mac_.end()) found->second->socket->send(packet->frame);
}

void Switch::spread(Member* from, const Packet& packet) {
  const auto asked = asked_neighbour(packet);
  if (!asked) return flood(from, packet);
  if (gateway_.owns(*asked)) {
    if (from != nullptr) ports_.gateway(*from, packet);
    return;
  }
  if (host_ != nullptr && host_->owns(*asked)) {
    if (from != nullptr && ports_.host) ports_.host(packet);
    return;
  }
  if (Member* member = by_ip(*asked)) {
    if (member != from) member->socket->send(packet.frame);
    return;
  }
  // A link-local address isn't in any lease.
  if (asked->link_local()) flood(from, packet);
}

void Switch::flood(const Member* from, const Packet& packet) {
  for (const auto& [mac, member] : by_mac_) {
    if (member != from) member->socket->send(packet.frame);
  }
}

}  // namespace bulkhead::net
