// --network <name>[,mac=..][,mtu=N][,ip=a.b.c.d][,alias=name]: one network that a container is
// attached to. "none" stands alone, and means that it has no network at all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

struct Network {
  std::string name;
  std::string
      mac_address;  // "02:42:ac:11:00:02"; empty: the service's to choose, as are the others
  std::optional<uint64_t> mtu;
  std::string ipv4_address;
  std::vector<std::string> aliases;
};

inline constexpr std::string_view kNoNetwork = "none";

// IPv6 doesn't work below the one; the other is what an IP packet can be.
inline constexpr uint64_t kLeastMtu = 1280;
inline constexpr uint64_t kLargestMtu = 65535;

Result<Network> parse_network(std::string_view text);

// All of a command line's; each network at most once, and "none" only alone.
Result<std::vector<Network>> parse_networks(const std::vector<std::string>& texts);

// "02-42-AC-11-00-02" -> "02:42:ac:11:00:02". Only the address of one station will do.
Result<std::string> parse_mac_address(std::string_view text, std::string_view option);

// --option of network create: key=value, as the plugin will read it. host-loopback and mtu are this
// host's own, and are checked; others are for the plugin to judge.
Result<std::map<std::string, std::string>> parse_network_options(
    const std::vector<std::string>& texts);

}  // namespace bulkhead::cli
