// --add-host <name:address>: a line of the container's /etc/hosts. The address host-gateway is the
// one at which the container reaches its host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

struct Host {
  std::string name;
  std::string address;  // IPv4, IPv6 without brackets, or kHostGateway
};

inline constexpr std::string_view kHostGateway = "host-gateway";

Result<Host> parse_add_host(std::string_view text);
Result<std::vector<Host>> parse_add_hosts(const std::vector<std::string>& texts);

}  // namespace bulkhead::cli
