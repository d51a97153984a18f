// What a member may ask of the gateway, which makes ordinary sockets of this host out of it. Pure;
// one place for every rule, because libslirp's own switches (restricted, disable_host_loopback)
// also drop the answers of published UDP ports.
//
//     answers             of connections that the host began (published ports) always pass
//     fragments           never: libslirp 4.7 writes out of bounds when it puts hostile ones
//     together name service        always, at the gateway's addresses the gateway         = this
//     host's loopback: unless the network says hostLoopback=false 127/8, ::1, 0/8     never,
//     whatever the guest puts into a header: that would be the loopback
//                         without the gateway's name
//     subnets of other    never: networks are apart from each other, even where the host has an
//     networks            interface on each
//     the host's own      as the gateway: services bound to all addresses answer there too
//     addresses
//     everything else     unless the network is internal
#pragma once

#include <vector>

#include "ethernet.hpp"

namespace bulkhead::network {

struct Prefix {
  bool v6 = false;
  Address6 base{};  // IPv4: in the first four bytes
  int bits = 0;
  bool operator==(const Prefix&) const = default;
  bool contains(bool of_v6, const Address6& address) const;
};

// What the host has at the moment.
struct HostAddresses {
  std::vector<Prefix> own;             // its addresses, as whole-length prefixes
  std::vector<Prefix> other_networks;  // the subnets of its interfaces on other networks of ours
};

struct GatewayRules {
  bool internal = false;
  bool host_loopback = true;
  Address4 gateway4{};
  Address6 gateway6{};
};

bool is_name_query(const Packet& packet, const GatewayRules& rules);  // to port 53 of the gateway
// A packet that may begin something: TCP with SYN and no ACK, and all that isn't TCP.
bool begins(const Packet& packet);
// `packet` begins something, and is no answer.
bool may_begin(const Packet& packet, const GatewayRules& rules, const HostAddresses& host);

}  // namespace bulkhead::network
