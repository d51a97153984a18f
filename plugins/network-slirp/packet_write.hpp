// Frames that the switch itself makes or changes: a datagram of the gateway, and a TCP segment to
// or from another port.
#pragma once

#include <vector>

#include "ethernet.hpp"

namespace bulkhead::network {

// The answer to `asked`, a UDP packet in a frame: addresses and ports the other way round.
std::vector<uint8_t> udp_reply(const Frame& frame, const Packet& asked, Bytes payload);

// A copy of a frame with a whole TCP segment whose source or destination port is another.
std::vector<uint8_t> with_source_port(const Frame& frame, uint16_t port);
std::vector<uint8_t> with_destination_port(const Frame& frame, uint16_t port);

// "<address> is at <mac>", so that the gateway needn't ask: an ARP reply and a neighbour
// advertisement, both to the gateway.
std::vector<uint8_t> arp_introduction(const Mac& mac, const Address4& ipv4, const Address4& to);
std::vector<uint8_t> ndp_introduction(const Mac& mac, const Address6& ipv6, const Address6& to);

}  // namespace bulkhead::network
