#include "reassembly.hpp"

#include <algorithm>

#include "packet_build.hpp"

namespace bulkhead::net {

Buffer Reassembly::add(const Packet& fragment, Clock::time_point now) {
  if (fragment.kind != Packet::Kind::kIpv4 || !fragment.fragment) return {};
  const Position partial = find(fragment, now);
  if (!insert(*partial, fragment)) {
    packets_.erase(partial);
    return {};
  }
  if (!complete(*partial)) return {};
  Buffer whole = joined(*partial);
  packets_.erase(partial);
  return whole;
}

Reassembly::Position Reassembly::find(const Packet& fragment, Clock::time_point now) {
  while (!packets_.empty() && now - packets_.front().since > kPatience) packets_.pop_front();
  const Position found =
      std::find_if(packets_.begin(), packets_.end(), [&](const Partial& partial) {
        return partial.id == fragment.fragment_id && partial.protocol == fragment.protocol &&
               partial.from == fragment.from && partial.to == fragment.to;
      });
  if (found != packets_.end()) return found;
  if (packets_.size() == kMaxPackets) packets_.pop_front();
  packets_.push_back(
      {fragment.from, fragment.to, fragment.fragment_id, fragment.protocol, now, {}, 0, {}});
  return std::prev(packets_.end());
}

bool Reassembly::insert(Partial& partial, const Packet& fragment) {
  const Bytes bytes = fragment.frame.subspan(fragment.payload);
  const size_t begin = fragment.fragment_offset;
  const size_t end = begin + bytes.size();
  if (bytes.empty() || end > 65535 - 20 || partial.pieces.size() == kMaxFragments) return false;
  if (fragment.more_fragments) {
    if (bytes.size() % 8 != 0 || (partial.total != 0 && end > partial.total)) return false;
  } else {
    const bool beyond = !partial.pieces.empty() &&
                        partial.pieces.back().offset + partial.pieces.back().bytes.size() > end;
    if (beyond || (partial.total != 0 && partial.total != end)) return false;
    partial.total = end;
  }
  const auto next =
      std::lower_bound(partial.pieces.begin(), partial.pieces.end(), begin,
                       [](const Piece& piece, size_t offset) { return piece.offset < offset; });
  if (next != partial.pieces.end() && next->offset < end) return false;
  if (next != partial.pieces.begin() &&
      std::prev(next)->offset + std::prev(next)->bytes.size() > begin)
    return false;
  partial.pieces.insert(next, {begin, Buffer(bytes.begin(), bytes.end())});
  if (begin == 0) {
    const Bytes header = fragment.frame.first(fragment.payload);
    partial.header.assign(header.begin(), header.end());
  }
  return true;
}

bool Reassembly::complete(const Partial& partial) {
  if (partial.total == 0) return false;
  size_t reached = 0;
  for (const Piece& piece : partial.pieces) {
    if (piece.offset != reached) return false;
    reached += piece.bytes.size();
  }
  return reached == partial.total;
}

Buffer Reassembly::joined(const Partial& partial) {
  const size_t header = partial.header.size() - kEthernetHeader;
  if (header + partial.total > 65535) return {};
  Buffer whole = partial.header;
  whole.reserve(whole.size() + partial.total);
  for (const Piece& piece : partial.pieces) append(whole, piece.bytes);
  const std::span<uint8_t> ip = std::span(whole).subspan(kEthernetHeader, header);
  write16(ip, 2, static_cast<uint16_t>(header + partial.total));
  write16(ip, 6, 0);
  write16(ip, 10, 0);
  write16(ip, 10, checksum(ip));
  return whole;
}

}  // namespace bulkhead::net
