// The frames that the network itself sends: answers to ARP and neighbour solicitations, UDP
// datagrams (answers to DNS queries), and refusals.
#pragma once

#include "packet.hpp"

namespace bulkhead::net {

// The one's complement sum over what TCP, UDP and ICMPv6 sum: the pseudo-header and the payload.
uint16_t checksum(const Ip& from, const Ip& to, uint8_t protocol, Bytes payload);
uint16_t checksum(Bytes bytes);

struct Ends {
  Mac source_mac, destination_mac;
  Ip source, destination;
};

// `payload` with its checksum in place, in an IP packet in a frame.
Buffer build_ip(const Ends& ends, uint8_t protocol, Bytes payload, uint8_t hops = 64);
// Empty if the data is longer than a datagram can be.
Buffer build_udp(const Ends& ends, uint16_t source_port, uint16_t destination_port, Bytes data);
// A segment without data. Flags are TcpFlag's.
struct Segment {
  uint16_t source_port, destination_port;
  uint32_t seq, ack;
  uint8_t flags;
};
Buffer build_tcp(const Ends& ends, const Segment& segment);

// "I have `sender`", said to the target, as an answer to its question or unasked.
Buffer build_arp_reply(Mac sender_mac, const Ip& sender, Mac target_mac, const Ip& target);
Buffer build_neighbour_advertisement(const Ends& ends, const Ip& target, Mac target_mac);

// What an ARP request or a neighbour solicitation asks for; none if it is neither.
std::optional<Ip> asked_neighbour(const Packet& packet);

// What a router that won't carry the packet says: a reset to a TCP segment, "administratively
// prohibited" to the rest. Empty if nothing may be said (to a reset, an error, a later fragment).
Buffer build_refusal(const Packet& packet, Mac gateway_mac, const Ip& gateway);

// Changes a port of a TCP segment or a UDP datagram in place, checksum and all.
void rewrite_port(std::span<uint8_t> frame, const Packet& packet, bool source, uint16_t port);

}  // namespace bulkhead::net
