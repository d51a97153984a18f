#include "flow_limits.hpp"

#include <algorithm>

#include "packet_build.hpp"

namespace bulkhead::net {
namespace {

template <class Map>
bool room_in(Map& map, size_t most, FlowLimits::Clock::time_point now) {
  if (map.size() < most) return true;
  std::erase_if(map, [&](const auto& entry) { return now - entry.second > FlowLimits::kUdpLife; });
  return map.size() < most;
}

}  // namespace

bool FlowLimits::admit(const Packet& packet, Clock::time_point now) {
  if (packet.protocol == kUdp) return admit_udp(packet, now);
  return admit_ping(packet, now);
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
  if (packet.protocol == kUdp && packet.has_ports) {
    const auto found = udp_.find({packet.to.v6, packet.destination_port});
    if (found != udp_.end()) found->second = now;
  } else if (packet.has_icmp) {
    pings_.erase({packet.from, packet.icmp_id, packet.icmp_sequence});
  }
}

}  // namespace bulkhead::net
