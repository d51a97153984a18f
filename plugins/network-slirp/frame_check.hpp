// What a member may send: its own addresses and nobody else's. The guest is hostile; without this
// check one container could answer for another, or for the gateway.
//
//     Ethernet  source = the lease's MAC; types IPv4, IPv6, ARP
//     ARP       about itself: sender = its MAC, and its address or none (a probe)
//     IPv4      source = its address. No DHCP: addresses are given by the journal
//     IPv6      source = its address, a link-local one or none (duplicate detection); no router
//               advertisement, no redirect; an advertisement only of an address of its own.
//               Extension headers would hide what follows, so only TCP, UDP and ICMPv6 pass
#pragma once

#include "ethernet.hpp"

namespace bulkhead::network {

struct Identity {
  Mac mac{};
  Address4 ipv4{};
  Address6 ipv6{};
  bool operator==(const Identity&) const = default;
};

bool may_send(const Frame& frame, const Identity& identity);

}  // namespace bulkhead::network
