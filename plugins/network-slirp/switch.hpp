// The layer-2 switch of a network. Its ports are the members, the gateway and, if there is one, the
// host's TAP.
//
// It learns nothing from frames: every address is known from a lease, so none can be claimed, and
// nothing is ever flooded because a MAC is unknown. A question for a neighbour goes only to the one
// it asks for. Between members a frame is sent from the buffer it arrived in.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>

#include "member.hpp"
#include "tap.hpp"

namespace bulkhead::net {

class Switch {
 public:
  struct Ports {
    // What is for the gateway.
    std::function<void(Member&, const Packet&)> gateway;
    // What a member sends to the host, not yet judged. May be empty.
    std::function<void(const Packet&)> host;
    // What the host sent, before it is delivered. May be empty.
    std::function<void(const Packet&)> from_host;
  };

  Switch(const Gateway& gateway, Ports ports) : gateway_(gateway), ports_(std::move(ports)) {}
  void set_host(const Lease* host) { host_ = host; }

  void plug(Member& member);
  void unplug(const Member& member);
  Member* by_ip(const Ip& ip) const;

  void from_member(Member& member, std::span<uint8_t> frame);
  void from_host(std::span<uint8_t> frame);

 private:
  void spread(Member* from, const Packet& packet);
  void flood(const Member* from, const Packet& packet);

  const Gateway& gateway_;
  Ports ports_;
  const Lease* host_ = nullptr;
  std::unordered_map<uint64_t, Member*> by_mac_;
  std::map<Ip, Member*> by_ip_;
};

}  // namespace bulkhead::net
