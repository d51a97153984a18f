// What a member of the network has been given, and is therefore allowed to say about itself.
#pragma once

#include <optional>

#include "address.hpp"

namespace bulkhead::net {

struct Lease {
  Mac mac;
  Ip v4;
  std::optional<Ip> v6;

  bool owns(const Ip& ip) const { return ip == v4 || (v6 && ip == *v6); }
};

// The network's own addresses.
struct Gateway {
  Mac mac;
  Ip v4;
  std::optional<Ip> v6;
  Subnet subnet;
  std::optional<Subnet> subnet6;

  bool owns(const Ip& ip) const { return ip == v4 || (v6 && ip == *v6); }
  bool within(const Ip& ip) const {
    return subnet.contains(ip) || (subnet6 && subnet6->contains(ip));
  }
};

}  // namespace bulkhead::net
