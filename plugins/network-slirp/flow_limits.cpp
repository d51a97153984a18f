#include "flow_limits.hpp"

#include <algorithm>

#include "packet_build.hpp"

namespace bulkhead::net {
namespace {

bool before(uint32_t a, uint32_t b) {
  return static_cast<int32_t>(a - b) < 0;
}

template <class Map>
bool room_in(Map& map, size_t most, FlowLimits::Clock::time_point now) {
  if (map.size() < most) return true;
  std::erase_if(map, [&](const auto& entry) { return now - entry.second > FlowLimits::kUdpLife; });
  return map.size() < most;
}

}  // namespace

bool FlowLimits::admit(const Packet& packet, Clock::time_point now) {
  if (packet.protocol == kTcp) return admit_tcp(packet, now);
  if (packet.protocol == kUdp) return admit_udp(packet, now);
  return admit_ping(packet, now);
}

bool FlowLimits::admit_tcp(const Packet& packet, Clock::time_point now) {
  const TcpKey key{packet.from, packet.to, packet.source_port, packet.destination_port};
  auto found = tcp_.find(key);
  if (found == tcp_.end()) {
    if (!packet.opens_tcp()) return true;  // earns a reset
    if (!make_room_for_tcp(now)) return false;
    found = tcp_.emplace(key, Tcp{}).first;
  }
  Tcp& flow = found->second;
  const uint32_t end = packet.seq + packet.tcp_length();
  if (end != packet.seq) {
    if (flow.ahead.size() >= kMaxAheadPerFlow || ahead_ >= kMaxAhead) return false;
    flow.ahead.push_back(end);
    ahead_++;
  }
  flow.at = now;
  flow.member_next = end;
  if ((packet.tcp_flags & kFin) != 0) flow.member_fin = true;
  if ((packet.tcp_flags & kRst) != 0) forget(found);
  return true;
}

bool FlowLimits::make_room_for_tcp(Clock::time_point now) {
  if (tcp_.size() < kMaxTcp) return true;
  if (now - swept_ < std::chrono::seconds(1)) return false;
  swept_ = now;
  for (auto flow = tcp_.begin(); flow != tcp_.end();) {
    const auto idle = now - flow->second.at;
    const bool closing = flow->second.member_fin && flow->second.gateway_fin && idle > kClosing;
    const bool unanswered = !flow->second.answered && idle > kOpening;
    flow = closing || unanswered ? forget(flow) : std::next(flow);
  }
  return tcp_.size() < kMaxTcp;
}

std::map<FlowLimits::TcpKey, FlowLimits::Tcp>::iterator FlowLimits::forget(
    std::map<TcpKey, Tcp>::iterator flow) {
  ahead_ -= flow->second.ahead.size();
  return tcp_.erase(flow);
}

bool FlowLimits::admit_udp(const Packet& packet, Clock::time_point now) {
  const std::pair key{packet.from.v6, packet.source_port};
  if (!udp_.contains(key) && !room_in(udp_, kMaxUdp, now)) return false;
  udp_[key] = now;
  return true;
}

bool FlowLimits::admit_ping(const Packet& packet, Clock::time_point now) {
  if (!packet.has_icmp) return false;
  if (!room_in(pings_, kMaxPings, now)) return false;
  pings_[{packet.to, packet.icmp_id, packet.icmp_sequence}] = now;
  return true;
}

void FlowLimits::seen(const Packet& packet, Clock::time_point now) {
  if (packet.protocol == kTcp && packet.has_ports) {
    seen_tcp(packet, now);
  } else if (packet.protocol == kUdp && packet.has_ports) {
    const auto found = udp_.find({packet.to.v6, packet.destination_port});
    if (found != udp_.end()) found->second = now;
  } else if (packet.has_icmp) {
    pings_.erase({packet.from, packet.icmp_id, packet.icmp_sequence});
  }
}

void FlowLimits::seen_tcp(const Packet& packet, Clock::time_point now) {
  const TcpKey key{packet.to, packet.from, packet.destination_port, packet.source_port};
  auto found = tcp_.find(key);
  if (found == tcp_.end()) {
    // Somebody came in by a published port; libslirp has the socket already.
    if (!packet.opens_tcp()) return;
    make_room_for_tcp(now);
    found = tcp_.emplace(key, Tcp{}).first;
  }
  Tcp& flow = found->second;
  flow.at = now;
  flow.gateway_next = packet.seq + packet.tcp_length();
  if ((packet.tcp_flags & kFin) != 0) flow.gateway_fin = true;
  if ((packet.tcp_flags & kRst) != 0) {
    forget(found);
    return;
  }
  if ((packet.tcp_flags & kAck) == 0) return;
  flow.answered = true;
  ahead_ -= std::erase_if(flow.ahead, [&](uint32_t end) { return !before(packet.ack, end); });
}

std::vector<Buffer> FlowLimits::resets(const Lease& lease, Mac gateway) const {
  std::vector<Buffer> out;
  for (const auto& [key, flow] : tcp_) {
    const auto& [member, other, port, other_port] = key;
    out.push_back(build_tcp({lease.mac, gateway, member, other},
                            {port, other_port, flow.member_next, flow.gateway_next,
                             static_cast<uint8_t>(kRst | kAck)}));
  }
  return out;
}

}  // namespace bulkhead::net
