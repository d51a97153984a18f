#include "answers.hpp"

namespace bulkhead::net {
namespace {

bool is_echo_request(const Packet& packet) {
  if (!packet.has_icmp) return false;
  return packet.icmp_type ==
         (packet.kind == Packet::Kind::kIpv6 ? uint8_t{kEchoRequestV6} : uint8_t{kEchoRequest});
}

bool is_echo_reply(const Packet& packet) {
  if (!packet.has_icmp) return false;
  return packet.icmp_type ==
         (packet.kind == Packet::Kind::kIpv6 ? uint8_t{kEchoReplyV6} : uint8_t{kEchoReply});
}

bool is_icmp_error(const Packet& packet) {
  if (!packet.has_icmp) return false;
  if (packet.kind == Packet::Kind::kIpv6) return packet.icmp_type >= 1 && packet.icmp_type <= 4;
  return packet.icmp_type == 3 || packet.icmp_type == 11 || packet.icmp_type == 12;
}

}  // namespace

void Answers::asked(const Packet& packet, Clock::time_point now) {
  Key key{packet.protocol, packet.from, packet.to, 0, 0};
  if (packet.protocol == kUdp && packet.has_ports) {
    std::get<3>(key) = packet.source_port;
    std::get<4>(key) = packet.destination_port;
  } else if (is_echo_request(packet)) {
    std::get<3>(key) = packet.icmp_id;
  } else {
    return;
  }
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    found->second.at = now;
    by_age_.splice(by_age_.end(), by_age_, found->second.age);
    return;
  }
  if (entries_.size() == kMost) {
    entries_.erase(by_age_.front());
    by_age_.pop_front();
  }
  entries_[key] = {now, by_age_.insert(by_age_.end(), key)};
}

bool Answers::is_answer(const Packet& packet, Clock::time_point now) const {
  if (packet.protocol == kTcp) return packet.has_ports && !packet.opens_tcp();
  if (is_icmp_error(packet)) return true;
  Key key{packet.protocol, packet.to, packet.from, 0, 0};
  if (packet.protocol == kUdp && packet.has_ports) {
    std::get<3>(key) = packet.destination_port;
    std::get<4>(key) = packet.source_port;
  } else if (is_echo_reply(packet)) {
    std::get<3>(key) = packet.icmp_id;
  } else {
    return false;
  }
  const auto found = entries_.find(key);
  return found != entries_.end() && now - found->second.at <= kMemory;
}

}  // namespace bulkhead::net
