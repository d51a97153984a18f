// What addresses this host has just now, for the policy of the gateway: libslirp's connections are
// made by the host itself, so its own addresses, and the subnets of other networks that it is on by
// a TAP, would be open to every container that asks for them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "address.hpp"

namespace bulkhead::net {

// Interfaces of our networks are known by their names' beginning.
inline constexpr const char* kInterfacePrefix = "bh-";

struct HostAddresses {
  std::vector<Ip> own;
  std::vector<Subnet> other_networks;

  bool owns(const Ip& ip) const;
  bool on_another_network(const Ip& ip) const;
};

// Asked again every few seconds.
class HostAddressBook {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kFresh{3};

  void set_own_interface(std::string name);
  const HostAddresses& at(Clock::time_point now);

 private:
  std::string own_interface_;
  HostAddresses addresses_;
  Clock::time_point read_{};
  bool known_ = false;
};

}  // namespace bulkhead::net
