#include "options/add_host.hpp"

#include "command/table.hpp"
#include "options/host_name.hpp"

namespace bulkhead::cli {

Result<Host> parse_add_host(std::string_view text) {
  // Names contain neither, so that the first is the end of the name; IPv6 has its own colons.
  const size_t end = text.find_first_of(":=");
  if (end == std::string_view::npos) {
    return usage("--add-host '" + std::string(text) + "' is not of the form name:address");
  }
  const std::string_view name = text.substr(0, end);
  if (!is_host_name(name)) {
    return usage("--add-host: '" + std::string(name) + "' is not a host name");
  }
  std::string_view address = text.substr(end + 1);
  const bool bracketed = address.starts_with('[') && address.ends_with(']');
  if (bracketed) address = address.substr(1, address.size() - 2);
  const bool valid = is_ipv6_address(address) ||
                     (!bracketed && (is_ipv4_address(address) || address == kHostGateway));
  if (!valid) {
    return usage("--add-host " + std::string(name) + ": '" + std::string(address) +
                 "' is neither an IP address nor " + std::string(kHostGateway));
  }
  return Host{std::string(name), std::string(address)};
}

Result<std::vector<Host>> parse_add_hosts(const std::vector<std::string>& texts) {
  std::vector<Host> hosts;
  for (const std::string& text : texts) {
    auto host = parse_add_host(text);
    if (!host) return fail(std::move(host.error()));
    hosts.push_back(std::move(*host));
  }
  return hosts;
}

}  // namespace bulkhead::cli
