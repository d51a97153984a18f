// The network that the tests of this room are about, and frames of its members.
#pragma once

#include "lease.hpp"
#include "packet_build.hpp"

namespace bulkhead::net::test {

inline Ip ip(const char* text) {
  return *parse_ip(text);
}
inline const Gateway kGateway{{0x5255c0a84001},
                              ip("192.168.64.1"),
                              ip("fd00::1"),
                              *parse_subnet("192.168.64.0/24"),
                              *parse_subnet("fd00::/64")};
inline const Lease kWeb{{0xf26200000002}, ip("192.168.64.2"), ip("fd00::2")};
inline const Lease kDb{{0xf26200000003}, ip("192.168.64.3"), ip("fd00::3")};

inline Ends from(const Lease& lease, const Ip& to, Mac mac = kGateway.mac) {
  return {lease.mac, mac, to.v6 ? *lease.v6 : lease.v4, to};
}
inline Buffer udp(const Lease& lease, const Ip& to, uint16_t port, uint16_t to_port,
                  Bytes data = {}) {
  return build_udp(from(lease, to), port, to_port, data);
}
inline Buffer tcp(const Lease& lease, const Ip& to, uint16_t port, uint16_t to_port, uint8_t flags,
                  uint32_t seq = 1, uint32_t ack = 0) {
  return build_tcp(from(lease, to), {port, to_port, seq, ack, flags});
}
inline Buffer arp_request(const Lease& lease, const Ip& asked) {
  Buffer frame = build_arp_reply(lease.mac, lease.v4, kBroadcast, asked);
  frame[21] = 1;
  return frame;
}

}  // namespace bulkhead::net::test
