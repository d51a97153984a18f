// What addresses this host has now, asked again every few seconds: for the rules about what members
// reach (gateway_policy.hpp).
#pragma once

#include <string>

#include "gateway_policy.hpp"
#include "recent_flows.hpp"

namespace bulkhead::network {

// Interfaces of our networks are known by their names' beginning.
inline constexpr const char* kInterfacePrefix = "bh-";

class HostAddressBook {
 public:
  static constexpr Milliseconds kFresh{3'000};
  // own_interface: the TAP of this network, whose subnet is not another's.
  explicit HostAddressBook(std::string own_interface = {})
      : own_interface_(std::move(own_interface)) {}
  const HostAddresses& at(Milliseconds now);
  void set_own_interface(std::string name) {
    own_interface_ = std::move(name);
    read_ = false;
  }

 private:
  std::string own_interface_;
  HostAddresses addresses_;
  Milliseconds read_at_{};
  bool read_ = false;
};

}  // namespace bulkhead::network
