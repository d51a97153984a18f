// A frame as the switch reads it. Nothing here trusts a length that the frame itself states: a view
// only exists over bytes that are there.
//
//     Ethernet II: destination 6, source 6, type 2 (big endian), payload. No VLAN tags.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace bulkhead::network {

using Bytes = std::span<const uint8_t>;
using Mac = std::array<uint8_t, 6>;
using Address4 = std::array<uint8_t, 4>;
using Address6 = std::array<uint8_t, 16>;

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kLongestFrame = kEthernetHeader + 65535;
constexpr uint16_t kTypeIpv4 = 0x0800;
constexpr uint16_t kTypeArp = 0x0806;
constexpr uint16_t kTypeIpv6 = 0x86dd;
constexpr uint8_t kIcmp = 1;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr uint8_t kIcmpv6 = 58;
constexpr uint8_t kTcpFin = 0x01;
constexpr uint8_t kTcpSyn = 0x02;
constexpr uint8_t kTcpReset = 0x04;
constexpr uint8_t kTcpAck = 0x10;

inline uint16_t read16(const uint8_t* at) {
  return static_cast<uint16_t>(at[0] << 8 | at[1]);
}
inline void write16(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}
template <std::size_t n>
std::array<uint8_t, n> read_array(const uint8_t* at) {
  std::array<uint8_t, n> result;
  std::memcpy(result.data(), at, n);
  return result;
}

inline bool is_group(const Mac& mac) {
  return (mac[0] & 1) != 0;
}

// An IPv4 or IPv6 packet within a frame, with the ports of its TCP or UDP header if that is there.
struct Packet {
  bool v6 = false;
  Bytes ip;         // from the IP header to the end that its length states
  Bytes transport;  // behind the IP header; IPv6 extension headers are not walked
  uint8_t protocol = 0;
  bool fragment = false;  // IPv4; an IPv6 fragment has protocol 44
  Address6 source{};      // IPv4: in the first four bytes
  Address6 destination{};
  uint16_t source_port = 0;  // TCP and UDP only
  uint16_t destination_port = 0;
  uint8_t tcp_flags = 0;

  Address4 source4() const { return read_array<4>(source.data()); }
  Address4 destination4() const { return read_array<4>(destination.data()); }
};

struct Frame {
  explicit Frame(Bytes all) : bytes(all) {}  // at least kEthernetHeader of them
  Bytes bytes;
  Mac destination() const { return read_array<6>(bytes.data()); }
  Mac source() const { return read_array<6>(bytes.data() + 6); }
  uint16_t type() const { return read16(bytes.data() + 12); }
  Bytes payload() const { return bytes.subspan(kEthernetHeader); }
};

std::optional<Frame> frame_in(Bytes bytes);
// Nothing for other types, and for a header that lies about its length.
std::optional<Packet> packet_in(const Frame& frame);

// Of TCP and UDP: the sum over pseudo header and segment, with the segment's own sum left out.
uint16_t transport_checksum(const Packet& packet);
uint16_t ipv4_header_checksum(Bytes header);

}  // namespace bulkhead::network
