// Who has sent datagrams to whom lately, so that an answer can be told from a beginning where only
// answers may pass. Bounded: the oldest is forgotten.
//
// A flow is kept from the side that may begin: (its address and port, the member's address and
// port). Half a minute is what NATs give a UDP flow at least (RFC 4787 wants two; DNS and the like
// need seconds).
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <tuple>

#include "ethernet.hpp"

namespace bulkhead::network {

using Milliseconds = std::chrono::milliseconds;

class RecentFlows {
 public:
  static constexpr std::size_t kMost = 4096;
  static constexpr Milliseconds kLifetime{120'000};

  void begun(const Packet& packet, Milliseconds now) {
    Key key = key_of(packet.source, packet.source_port, packet.destination, packet.destination_port,
                     packet.protocol);
    auto [found, added] = flows_.try_emplace(key);
    if (added)
      found->second.place = order_.insert(order_.end(), key);
    else
      order_.splice(order_.end(), order_, found->second.place);
    found->second.last = now;
    if (flows_.size() <= kMost) return;
    flows_.erase(order_.front());
    order_.pop_front();
  }

  bool answers(const Packet& packet, Milliseconds now) const {
    auto found = flows_.find(key_of(packet.destination, packet.destination_port, packet.source,
                                    packet.source_port, packet.protocol));
    return found != flows_.end() && now - found->second.last <= kLifetime;
  }

 private:
  using Key = std::tuple<Address6, uint16_t, Address6, uint16_t, uint8_t>;
  struct Flow {
    Milliseconds last{};
    std::list<Key>::iterator place;
  };
  static Key key_of(const Address6& from, uint16_t from_port, const Address6& to, uint16_t to_port,
                    uint8_t protocol) {
    return {from, from_port, to, to_port, protocol};
  }
  std::map<Key, Flow> flows_;
  std::list<Key> order_;  // oldest first
};

}  // namespace bulkhead::network
