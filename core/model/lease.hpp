// A lease: the addresses that a container has on a network, from its creation to its deletion and
// over every restart. It is decided once, recorded in the intent to create the container, and gone
// with it; nobody else hands out addresses, so there is nothing to expire.
//
//     mac   f2:62:<IPv4 address> unless asked for: locally administered, and as unique as the
//           address is
//     ipv4  asked for, or the next free one after the last that was given: an address that has just
//           come free is the last to be taken again, because others may still remember who had it
//     ipv6  the same number in the IPv6 subnet
#pragma once

#include <cstdint>
#include <string>

#include "model/event.hpp"

namespace bulkhead::model {

struct Lease {
  std::string network;
  std::string mac;   // "f2:62:c0:a8:40:02"
  std::string ipv4;  // "192.168.64.2"
  std::string ipv6;
  int64_t mtu = 0;
  bool operator==(const Lease&) const = default;
};

Json lease_json(const Lease& lease);
Lease lease_from(const Json& json);  // {} for what isn't one

}  // namespace bulkhead::model
