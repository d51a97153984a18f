// What of a member's packets may go out through the gateway. Pure.
//
//  - Names are answered before this is asked, so DNS never comes here, except over TCP.
//  - What libslirp would carry to the host's loopback is only what is addressed to the gateway, and
//    only if the network allows that. libslirp itself would take more for the gateway (all of its
//    IPv6 prefix, 255.255.255.255, all nodes) and connects to 127.0.0.1 when asked to; none of
//    that passes.
//  - The host's other addresses are the host too, so they count as the gateway's: what listens on
//    all addresses answers there as well. The subnets of other networks, where the host may be by a
//    TAP, are nobody's business here.
//  - What it answers itself and badly (DHCP, TFTP), or can't carry (extension headers, foreign
//    ICMPv6), doesn't reach it.
//  - An internal network, and a gateway whose host may not be reached, still carry the answers to
//    those who came in by a published port. (libslirp's own switches for this, `restricted` and
//    `disable_host_loopback`, would drop the answers of published UDP ports.)
#pragma once

#include "answers.hpp"
#include "host_addresses.hpp"
#include "lease.hpp"
#include "packet.hpp"

namespace bulkhead::net {

enum class Passage { kPass, kDrop, kRefuse };

struct GatewayPolicy {
  bool internal = false;
  bool host_loopback = true;

  Passage judge(const Packet& packet, const Lease& lease, const Gateway& gateway,
                const Answers& answers, const HostAddresses& host,
                Answers::Clock::time_point now) const;
};

// Loopback, unspecified, multicast and the like: nowhere a packet on a wire can go.
bool is_destination(const Ip& ip);

}  // namespace bulkhead::net
