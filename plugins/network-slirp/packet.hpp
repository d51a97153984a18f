// A frame as this room sees it: Ethernet II with ARP, IPv4 or IPv6, and of what is above it TCP,
// UDP and ICMP far enough to decide about it.
//
// Parsing is strict, because what passes here reaches a C library of 1995: every length is checked
// against what came, and a frame that contradicts itself is none. VLAN tags, LLC and all other
// protocols are none either.
#pragma once

#include <optional>

#include "address.hpp"
#include "wire.hpp"

namespace bulkhead::net {

inline constexpr size_t kEthernetHeader = 14;
// An IP packet is at most 65,535 bytes; no frame of ours is longer than it and its header.
inline constexpr size_t kMaxFrame = kEthernetHeader + 65535;

inline constexpr uint16_t kEtherIpv4 = 0x0800;
inline constexpr uint16_t kEtherArp = 0x0806;
inline constexpr uint16_t kEtherIpv6 = 0x86dd;

enum Protocol : uint8_t { kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpV6 = 58 };
enum TcpFlag : uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16 };
enum IcmpType : uint8_t { kEchoReply = 0, kEchoRequest = 8 };
enum IcmpV6Type : uint8_t {
  kEchoRequestV6 = 128,
  kEchoReplyV6 = 129,
  kRouterSolicitation = 133,
  kRouterAdvertisement = 134,
  kNeighbourSolicitation = 135,
  kNeighbourAdvertisement = 136,
  kRedirect = 137,
};

struct Packet {
  enum class Kind { kArp, kIpv4, kIpv6 };

  Bytes frame;  // with nothing after the end of the packet
  Kind kind = Kind::kArp;
  Mac source, destination;

  // ARP: the claim of the sender, and the address it asks for or answers to.
  uint16_t arp_op = 0;
  Mac arp_sender_mac;

  Ip from, to;  // of ARP: sender and target

  // IP.
  uint8_t protocol = 0;  // above all extension headers
  uint8_t hops = 0;
  bool extended = false;  // IPv6 with extension headers
  bool fragment = false;
  size_t fragment_offset = 0;
  bool more_fragments = false;
  uint32_t fragment_id = 0;
  size_t payload = 0;  // where in the frame the protocol's header begins

  // TCP and UDP, but in later fragments.
  bool has_ports = false;
  uint16_t source_port = 0, destination_port = 0;
  uint8_t tcp_flags = 0;
  uint32_t seq = 0, ack = 0;
  size_t data = 0;  // where in the frame what TCP or UDP carries begins

  // ICMP and ICMPv6, but in later fragments.
  bool has_icmp = false;
  uint8_t icmp_type = 0, icmp_code = 0;
  uint16_t icmp_id = 0, icmp_sequence = 0;  // of echoes

  bool is_ip() const { return kind != Kind::kArp; }
  Bytes data_bytes() const { return frame.subspan(data); }
  // How far the segment moves the sequence number.
  uint32_t tcp_length() const {
    return static_cast<uint32_t>(frame.size() - data) + ((tcp_flags & kSyn) != 0 ? 1 : 0) +
           ((tcp_flags & kFin) != 0 ? 1 : 0);
  }
  bool opens_tcp() const { return protocol == kTcp && (tcp_flags & (kSyn | kAck)) == kSyn; }
  bool is_neighbour_discovery() const {
    return kind == Kind::kIpv6 && has_icmp && icmp_type >= kRouterSolicitation &&
           icmp_type <= kRedirect;
  }
};

std::optional<Packet> parse_packet(Bytes frame);

}  // namespace bulkhead::net
