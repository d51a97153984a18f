// The segments that the gateway's TCP sends, and what it reads of a SYN's options.
//
// A segment is written around its data: the caller leaves kTcpRoom bytes in front of them, and the
// headers are put directly before the data, so that what was read from a socket is sent without
// being moved. No options but those of a SYN (the biggest segment, the scale of windows): between a
// container and the gateway there is a cable that keeps order, so timestamps and selective
// acknowledgements would only cost.
#pragma once

#include "packet_build.hpp"

namespace bulkhead::net {

// The longest headers: Ethernet, IPv6, TCP with a SYN's options.
inline constexpr size_t kTcpRoom = kEthernetHeader + 40 + 28;
inline constexpr uint8_t kNoScale = 0xff;

struct TcpOffer {
  uint16_t biggest = 536;  // RFC 9293, 3.7.1
  uint8_t scale = kNoScale;
};

// What a SYN offers. Options that contradict themselves end the list.
TcpOffer read_offer(const Packet& syn);
uint16_t window_of(const Packet& packet);

struct TcpHead {
  Ends ends;
  uint16_t source_port = 0, destination_port = 0;
  uint32_t seq = 0, ack = 0;
  uint8_t flags = 0;
  uint16_t window = 0;
  const TcpOffer* offer = nullptr;  // of a SYN
};

// `room` is kTcpRoom bytes and then the data: the frame within it.
std::span<uint8_t> write_segment(std::span<uint8_t> room, const TcpHead& head);

}  // namespace bulkhead::net
