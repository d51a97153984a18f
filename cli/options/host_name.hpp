// Names that the network's DNS answers to and /etc/hosts has: labels of letters, digits, '-' and
// '_' with dots between them. Whatever could add a word or a line to a file isn't one.
#pragma once

#include <string_view>

namespace bulkhead::cli {

bool is_host_name(std::string_view text);

// IPv4 in dotted form, or IPv6 without a zone.
bool is_ipv4_address(std::string_view text);
bool is_ipv6_address(std::string_view text);

}  // namespace bulkhead::cli
