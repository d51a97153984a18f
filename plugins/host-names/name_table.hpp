// What the host's programs are told: names and their addresses, the domains in which nothing else
// exists, and the subnets whose addresses have these names or none. Pure.
//
//     a name of the table           its addresses of the type asked for, perhaps none (NODATA: a
//                                   client that asks for AAAA first must go on to A)
//     a domain itself               exists, and has nothing
//     any other name in a domain    NXDOMAIN
//     an address of a subnet        the first name of the table that has it, or NXDOMAIN
//     everything else               REFUSED: this is no way to anybody else's names
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "dns_message.hpp"

namespace bulkhead::names {

inline constexpr uint32_t kTtl = 5;

class NameTable {
 public:
  // {"zones": [s], "names": [{"name": s, "addresses": [s]}], "subnets": [s]}, each key optional.
  // What can't be a name in DNS is left out: nobody could ask for it.
  static Result<NameTable> parse(const Json& body);

  // Empty: the message is no question, and gets no answer.
  net::Buffer answer(net::Bytes message, bool udp) const;

 private:
  struct Answer {
    net::DnsRcode rcode = net::kNoError;
    std::vector<net::DnsRecord> records;
  };
  Answer find(const net::DnsQuery& query) const;
  Answer find_reverse(const net::DnsQuery& query, const net::Ip& ip) const;
  bool in_a_zone(const std::string& name) const;

  std::set<std::string> zones_;
  std::map<std::string, std::vector<net::Ip>> addresses_;
  std::map<net::Ip, std::string> names_;
  std::vector<net::Subnet> subnets_;
};

}  // namespace bulkhead::names
