// The gateway's port of the switch: what members send to the gateway's MAC, and what comes from
// beyond.
//
// It answers for the gateway's addresses (ARP, neighbour discovery), takes the names out (UDP port
// 53), puts fragments together, asks policy and limits, and only then lets libslirp see a packet.
// On the way back it puts the member's MAC on a packet, whatever libslirp believes.
//
// DNS over TCP goes to the server's listener on the host's loopback: the port is changed on the way
// there and back.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dns_server.hpp"
#include "gateway_policy.hpp"
#include "member.hpp"
#include "slirp_stack.hpp"
#include "switch.hpp"

namespace bulkhead::net {

class GatewayPort {
 public:
  struct Parts {
    Gateway gateway;
    GatewayPolicy policy;
    size_t mtu = 1500;
    std::string resolv_conf = "/etc/resolv.conf";
    uint16_t dns_port = DnsExchange::kDnsPort;  // of the host's resolvers
  };

  GatewayPort(loop::Loop& loop, Parts parts, DnsZone& zone, const Switch& members,
              std::function<void(const std::string&)> complain);

  void receive(Member& member, const Packet& packet, std::span<uint8_t> frame);
  // All connections of a member end now.
  void reset_all(Member& member);
  SlirpStack& stack() { return *stack_; }
  void set_own_interface(std::string name) { host_.set_own_interface(std::move(name)); }

 private:
  void answer_neighbour(Member& member, const Packet& packet, const Ip& asked);
  void answer_name(const Packet& packet);
  void judge(Member& member, const Packet& packet, std::span<uint8_t> frame);
  void carry(const Packet& packet, std::span<uint8_t> frame);
  void from_beyond(std::span<uint8_t> frame);
  void deliver(const Packet& packet, std::span<uint8_t> frame);
  void answer_stack(const Packet& packet, const Ip& asked);

  Parts parts_;
  const Switch& members_;
  Answers answers_;
  HostAddressBook host_;
  std::unique_ptr<SlirpStack> stack_;
  std::unique_ptr<DnsForwarder> forwarder_;
  std::unique_ptr<DnsServer> dns_;
};

}  // namespace bulkhead::net
