// -p, --publish [host-ip:]host-port[-last]:container-port[-last][/tcp|udp]: ports of the host that
// lead to ports of the container.
//
// An IPv6 address stands in brackets; without an address it is the host's loopback. The two ranges
// of a specification are equally long, and no port of the host can lead to two places.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

struct PublishedPort {
  std::string host_address = "127.0.0.1";
  uint64_t host_port = 0;
  uint64_t container_port = 0;
  std::string protocol = "tcp";  // or "udp"
  uint64_t count = 1;            // this many ports from there on
};

inline constexpr size_t kMostPublished = 64;

Result<PublishedPort> parse_publish(std::string_view text);

// All of a command line's.
Result<std::vector<PublishedPort>> parse_published(const std::vector<std::string>& texts);

}  // namespace bulkhead::cli
