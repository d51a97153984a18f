#include "tcp_segment.hpp"

#include <algorithm>

namespace bulkhead::net {
namespace {

constexpr size_t kHeader = 20;
constexpr size_t kWindowAt = 14, kSumAt = 16;
constexpr size_t kOfferSize = 8;
constexpr uint8_t kEnd = 0, kNothing = 1, kBiggest = 2, kScale = 3;  // options
constexpr uint8_t kMostScale = 14;                                   // RFC 7323, 2.3

void write_offer(std::span<uint8_t> out, const TcpOffer& offer) {
  out[0] = kBiggest;
  out[1] = 4;
  write16(out, 2, offer.biggest);
  // Only who was offered a scale may offer one.
  const bool scaled = offer.scale != kNoScale;
  out[4] = kNothing;
  out[5] = scaled ? kScale : kNothing;
  out[6] = scaled ? uint8_t{3} : kNothing;
  out[7] = scaled ? offer.scale : kNothing;
}

}  // namespace

TcpOffer read_offer(const Packet& syn) {
  TcpOffer offer;
  const Bytes options = syn.frame.subspan(syn.payload + kHeader, syn.data - syn.payload - kHeader);
  for (size_t at = 0; at < options.size() && options[at] != kEnd;) {
    if (options[at] == kNothing) {
      at++;
      continue;
    }
    if (options.size() - at < 2) break;
    const size_t length = options[at + 1];
    if (length < 2 || length > options.size() - at) break;
    if (options[at] == kBiggest && length == 4) offer.biggest = read16(options, at + 2);
    if (options[at] == kScale && length == 3) offer.scale = std::min(options[at + 2], kMostScale);
    at += length;
  }
  return offer;
}

uint16_t window_of(const Packet& packet) {
  return read16(packet.frame, packet.payload + kWindowAt);
}

std::span<uint8_t> write_segment(std::span<uint8_t> room, const TcpHead& head) {
  const size_t header = kHeader + (head.offer != nullptr ? kOfferSize : 0);
  const std::span<uint8_t> segment = room.subspan(kTcpRoom - header);
  write16(segment, 0, head.source_port);
  write16(segment, 2, head.destination_port);
  write32(segment, 4, head.seq);
  write32(segment, 8, head.ack);
  segment[12] = static_cast<uint8_t>(header / 4 << 4);
  segment[13] = head.flags;
  write16(segment, kWindowAt, head.window);
  write32(segment, kSumAt, 0);  // and the urgent pointer
  if (head.offer != nullptr) write_offer(segment.subspan(kHeader), *head.offer);
  write16(segment, kSumAt, checksum(head.ends.source, head.ends.destination, kTcp, segment));
  const Buffer front = build_ip_head(head.ends, kTcp, segment.size());
  const std::span<uint8_t> frame = room.subspan(kTcpRoom - header - front.size());
  std::copy(front.begin(), front.end(), frame.begin());
  return frame;
}

}  // namespace bulkhead::net
