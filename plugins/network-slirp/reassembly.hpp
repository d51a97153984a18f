// IPv4 fragments on their way to the gateway become whole packets here: libslirp 4.7's own
// reassembly writes out of bounds when fragments are hostile, so it never sees one.
//
// A packet is given up when its fragments overlap, contradict each other, or take longer than
// kPatience. Each member has its own, so that none can push out another's: at most kMaxPackets are
// waited for, the oldest going first, each with at most kMaxFragments.
#pragma once

#include <chrono>
#include <list>

#include "packet.hpp"

namespace bulkhead::net {

using Clock = std::chrono::steady_clock;

class Reassembly {
 public:
  static constexpr size_t kMaxPackets = 16;
  static constexpr size_t kMaxFragments = 64;
  static constexpr std::chrono::seconds kPatience{15};

  // The whole frame, when this was the last fragment that it lacked; else empty.
  Buffer add(const Packet& fragment, Clock::time_point now);
  size_t waiting() const { return packets_.size(); }

 private:
  struct Piece {
    size_t offset;
    Buffer bytes;
  };
  struct Partial {
    Ip from, to;
    uint32_t id;
    uint8_t protocol;
    Clock::time_point since;
    std::vector<Piece> pieces;  // by offset, without overlaps
    size_t total = 0;           // known when the last fragment has come
    Buffer header;              // of the first fragment, with its frame's
  };
  using Position = std::list<Partial>::iterator;

  Position find(const Packet& fragment, Clock::time_point now);
  static bool insert(Partial& partial, const Packet& fragment);
  static bool complete(const Partial& partial);
  static Buffer joined(const Partial& partial);

  std::list<Partial> packets_;  // oldest first
};

}  // namespace bulkhead::net
