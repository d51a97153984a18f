// The few requests of rtnetlink(7) that a network card needs: rename, MTU, up, address, route. A
// library would be larger than this.
//
//     nlmsghdr, then the request's own struct, then attributes: length 2, type 2, data, padded to 4
//
// The kernel acknowledges each (NLM_F_ACK): an nlmsgerr whose error is 0.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "guest/core/mount_spec.hpp"

namespace bulkhead::guest {

class Rtnetlink {
 public:
  static Result<Rtnetlink> open();

  Status rename(int interface, const std::string& name);
  // The interface must be down.
  Status set_mac(int interface, const std::array<uint8_t, 6>& mac);
  Status bring_up(int interface, uint32_t mtu);
  Status add_address(int interface, const InterfaceAddress& address);
  Status add_default_route(int interface, const InterfaceAddress& gateway);

 private:
  explicit Rtnetlink(UniqueFd socket) : socket_(std::move(socket)) {}
  Status ask(std::string request, const char* doing);

  UniqueFd socket_;
  uint32_t sequence_ = 0;
};

}  // namespace bulkhead::guest
