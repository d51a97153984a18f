// With CAP_NET_ADMIN the host joins the network by a TAP interface, and reaches containers by their
// addresses.
//
// The interface isn't persistent: it lives as long as its descriptor, so not even kill -9 leaves it
// behind. The host's own address there is the last usable one of the subnet, and ::ffff of the
// IPv6 prefix.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bulkhead/unique_fd.hpp"
#include "core/loop/handles.hpp"
#include "lease.hpp"
#include "packet.hpp"

namespace bulkhead::net {

// The host's addresses on a network with a TAP.
Ip host_address(const Subnet& subnet);

class Tap {
 public:
  static Result<std::unique_ptr<Tap>> open(loop::Loop& loop, const std::string& name,
                                           const Gateway& gateway, size_t mtu,
                                           std::function<void(std::span<uint8_t>)> frame);
  void send(Bytes frame);
  const std::string& name() const { return name_; }
  // The host, as the network knows it: MAC and addresses.
  const Lease& host() const { return host_; }

 private:
  Tap(loop::Loop& loop, UniqueFd device, std::string name, Lease host,
      std::function<void(std::span<uint8_t>)> frame);
  void receive();

  UniqueFd device_;
  std::string name_;
  Lease host_;
  std::function<void(std::span<uint8_t>)> frame_;
  Buffer buffer_ = Buffer(kMaxFrame + 64);
  loop::Poll poll_;  // last: closed before the descriptor
};

}  // namespace bulkhead::net
