// Remembers who has lately been spoken to, so that those who may only answer can be told from those
// who begin: a connection tracker as small as that question.
//
// A TCP segment is an answer unless it opens a connection: without a connection it only earns a
// reset. UDP datagrams and ICMP echo replies are answers for kMemory after the question; an ICMP
// error always is. At most kMost questions are remembered, the oldest going first.
#pragma once

#include <chrono>
#include <list>
#include <map>
#include <tuple>

#include "packet.hpp"

namespace bulkhead::net {

class Answers {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kMost = 8192;
  static constexpr std::chrono::seconds kMemory{240};

  // A packet that was sent to a member.
  void asked(const Packet& packet, Clock::time_point now);
  // Is this packet of a member an answer to one of those?
  bool is_answer(const Packet& packet, Clock::time_point now) const;

 private:
  // Protocol, who asked, who was asked, and their ports or the echo's id.
  using Key = std::tuple<uint8_t, Ip, Ip, uint16_t, uint16_t>;
  struct Entry {
    Clock::time_point at;
    std::list<Key>::iterator age;
  };

  std::list<Key> by_age_;  // oldest first
  std::map<Key, Entry> entries_;
};

}  // namespace bulkhead::net
