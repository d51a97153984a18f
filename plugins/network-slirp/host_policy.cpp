#include "host_policy.hpp"

#include "packet_build.hpp"

namespace bulkhead::net {

bool may_reach_host(const Packet& packet, const Lease& host, bool only_answers,
                    const Answers& answers, Answers::Clock::time_point now) {
  if (packet.kind == Packet::Kind::kArp) return packet.to == host.v4;
  if (packet.is_neighbour_discovery()) {
    if (const auto asked = asked_neighbour(packet)) return host.v6 && *asked == *host.v6;
    return packet.icmp_type == kNeighbourAdvertisement && host.v6 && packet.to == *host.v6;
  }
  if (!host.owns(packet.to)) return false;
  if (!only_answers) return true;
  // A later fragment can't be told from a first one that wasn't let through, and does nothing
  // without it.
  if (packet.fragment_offset != 0) return true;
  return answers.is_answer(packet, now);
}

}  // namespace bulkhead::net
