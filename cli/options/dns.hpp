// --dns, --dns-domain, --dns-search, --dns-option and --no-dns: what goes into the container's
// resolv.conf.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

struct Dns {
  std::vector<std::string> nameservers;  // IPv4 or IPv6 addresses
  std::string domain;                    // may be empty
  std::vector<std::string> search_domains;
  std::vector<std::string> options;
};

// Nothing if none of the options was given. --no-dns beside any other is a usage error.
Result<std::optional<Dns>> parse_dns(const Invocation& invocation);

}  // namespace bulkhead::cli
