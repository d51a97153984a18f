// What a member may put on the wire at all: frames with its own MAC and its own addresses, claims
// (ARP, neighbour discovery) about nobody but itself, and nothing that only a router or a DHCP
// server says. A container is hostile until proven otherwise, and the others of its network trust
// what they hear there.
#pragma once

#include "lease.hpp"
#include "packet.hpp"

namespace bulkhead::net {

bool may_send(const Lease& lease, const Packet& packet);

}  // namespace bulkhead::net
