// What the network itself knows: the names of its members, of the host, and whose addresses are
// whose. Pure.
//
//     web, alias             every member's names
//     web.test               the same below each domain; other names below a domain don't exist
//     host.container.internal, and domains of `system dns create --localhost`: the gateway (IPv4)
//     2.64.168.192.in-addr.arpa, ...ip6.arpa within the subnets
//
// A name that exists has no other records than its addresses: what else is asked of it gets an
// empty answer, not "no such name", which would be an answer for all types (musl's resolver takes
// it so).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dns_message.hpp"
#include "gateway_policy.hpp"

namespace bulkhead::network::dns {

inline constexpr const char* kHostName = "host.container.internal";

class Zone {
 public:
  struct Host {
    Address4 gateway4{};
    Address6 gateway6{};
    Prefix subnet4;
    Prefix subnet6;
  };
  explicit Zone(Host host) : host_(std::move(host)) {}

  void set_domains(std::vector<std::string> domains, std::vector<std::string> host_names);
  // names[0] is the one that its addresses have.
  void add(const std::string& member, std::vector<std::string> names, const Address4& ipv4,
           const Address6& ipv6);
  void remove(const std::string& member);

  // Nothing: somebody else must know.
  std::optional<Answer> find(const Query& query) const;

 private:
  struct Member {
    std::vector<std::string> names;
    Address4 ipv4{};
    Address6 ipv6{};
  };
  std::vector<const Member*> named(const std::string& name) const;
  std::optional<Answer> reverse(const Query& query) const;

  Host host_;
  std::vector<std::string> domains_;
  std::vector<std::string> host_names_;
  std::map<std::string, Member> members_;
};

}  // namespace bulkhead::network::dns
