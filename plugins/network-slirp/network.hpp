// The switch: members, the gateway and the host's interface, and who gets which frame. Whose
// address is whose is known from the leases, so nothing is learned and nothing can be poisoned.
//
//     member -> member     by its MAC; a broadcast or multicast to all
//     member -> gateway    what gateway_policy lets through; name queries are answered here
//     member -> host       through the TAP, to the host's own address there (tap.hpp)
//     gateway, host -> member
//
// Everything a member sends is checked first (frame_check.hpp). All of this is one thread's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "dns_service.hpp"
#include "frame_check.hpp"
#include "gateway.hpp"
#include "gateway_policy.hpp"
#include "host_addresses.hpp"
#include "member_link.hpp"
#include "tap.hpp"

namespace bulkhead::network {

struct NetworkPlan {
  GatewayPlan gateway;
  GatewayRules rules;
  Address6 tap6{};
  Address4 tap4{};
  std::string tap;  // wanted name; "" for none
  std::string resolv_conf = "/etc/resolv.conf";
  uint16_t resolver_port = 53;
};

struct Membership {
  std::string container;
  Identity identity;
  std::vector<std::string> names;
  std::vector<PublishedPort> ports;
};

class Network {
 public:
  explicit Network(const NetworkPlan& plan);

  // "" if the host couldn't join; `why` says why then.
  std::string join_host(std::string& why);
  void set_names(std::vector<std::string> domains, std::vector<std::string> host_names);

  // The switch's end becomes the member's. On failure nothing is published and nobody is a member;
  // who was there under that name before is gone either way.
  Status attach(Membership membership, UniqueFd link);
  void detach(const std::string& container);
  std::vector<Membership> members() const;
  const std::string& interface() const;

  void fill(PollSet& set, Milliseconds now);
  void handle(PollSet& set, Milliseconds now);

 private:
  struct Member {
    Membership is;
    MemberLink link;
  };
  void from_member(Member& member, Bytes bytes);
  void from_gateway(Bytes bytes);
  void from_host(Bytes bytes);
  void to_gateway(Member& member, const Frame& frame);
  void ask_names(const Member& member, const Frame& frame, const Packet& packet);
  void flood(const Frame& frame, const Member* but);
  Member* find(const Mac& mac);
  void introduce(const Identity& identity);
  Status publish(const Membership& membership);

  NetworkPlan plan_;
  Milliseconds now_{};
  Gateway gateway_;
  dns::Service names_;
  uint16_t name_port_ = 0;  // of the loopback listener that the gateway's port 53 is
  std::unique_ptr<Tap> tap_;
  HostAddressBook host_;
  RecentFlows from_outside_;  // datagrams that the gateway sent: what members may answer
  std::map<std::string, std::unique_ptr<Member>> members_;
  std::map<Mac, Member*> by_mac_;
};

}  // namespace bulkhead::network
