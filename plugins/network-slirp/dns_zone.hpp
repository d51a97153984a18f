// What this network's own names mean: containers by name and alias, bare and below each local
// domain, and host.container.internal for the gateway. Several may have an alias; a container's own
// name is nobody else's alias. Pure.
//
// A name that exists has no other types than it has (NODATA, not NXDOMAIN: a resolver that asks
// for AAAA first must go on to A). What lies below a local domain or is the reverse of an address
// of the network is known here or nowhere; every other name is somebody else's.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dns_message.hpp"
#include "lease.hpp"

namespace bulkhead::net {

inline constexpr uint32_t kDnsTtl = 5;
inline constexpr const char* kHostName = "host.container.internal";

class DnsZone {
 public:
  explicit DnsZone(const Gateway& gateway) : gateway_(gateway) {}

  void set_domains(const std::vector<std::string>& domains);
  void set_host_names(const std::vector<std::string>& names);
  // The first name is the one that the address has.
  void add(const std::string& container, const Lease& lease, const std::vector<std::string>& names);
  void remove(const std::string& container);

  struct Answer {
    DnsRcode rcode = kNoError;
    std::vector<DnsRecord> records;
  };
  // Nothing: the question isn't this zone's.
  std::optional<Answer> answer(const DnsQuery& query) const;

 private:
  struct Entry {
    Lease lease;
    std::vector<std::string> names;  // as text of dns_message.hpp
  };

  bool is_own_name(const std::string& container, const std::string& name) const;
  std::optional<std::vector<Ip>> addresses(const std::string& name) const;
  std::optional<Answer> answer_reverse(const Ip& ip) const;
  std::string bare(const std::string& name) const;
  bool below_a_domain(const std::string& name) const;

  Gateway gateway_;
  std::vector<std::string> domains_;
  std::set<std::string> host_names_ = {kHostName};
  std::map<std::string, Entry> entries_;                     // by container
  std::map<std::string, std::set<std::string>> containers_;  // by name
};

}  // namespace bulkhead::net
