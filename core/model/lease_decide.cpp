#include "model/lease_decide.hpp"

#include <charconv>
#include <cstdio>
#include <set>

#include "model/network_decide.hpp"
#include "model/read_json.hpp"
#include "model/subnet.hpp"

namespace bulkhead::model {
namespace {

std::string mac_of(uint32_t address) {
  char text[18];
  snprintf(text, sizeof text, "f2:62:%02x:%02x:%02x:%02x", address >> 24 & 255, address >> 16 & 255,
           address >> 8 & 255, address & 255);
  return text;
}

// Who has what on a network already.
struct Taken {
  std::map<uint32_t, std::string> addresses;
  std::map<std::string, std::string> macs;
};

Taken taken(const State& state, const NetworkState& network) {
  Taken result;
  for (const auto& [id, container] : state.containers)
    if (const Lease* lease = container.lease(network.name)) {
      if (auto address = parse_address4(lease->ipv4)) result.addresses[*address] = id;
      result.macs[lease->mac] = id;
    }
  return result;
}

Result<uint32_t> asked_address(const NetworkState& network, const Taken& taken,
                               const std::string& text) {
  auto address = parse_address4(text);
  if (!address) return address;
  const Subnet4& subnet = network.subnet;
  if (!subnet.contains(*address))
    return fail(Code::kInvalid, "the address " + text + " is not in " + subnet.text() +
                                    ", the subnet of network " + network.name);
  if (*address <= subnet.gateway() || *address >= subnet.host())
    return fail(Code::kInvalid,
                "the address " + text + " of network " + network.name +
                    " is the gateway's, the host's or the subnet's own",
                "containers have " + address4_text(subnet.base + 2) + " to " +
                    address4_text(subnet.host() - 1));
  if (auto other = taken.addresses.find(*address); other != taken.addresses.end())
    return fail(Code::kConflict, "the address " + text + " of network " + network.name +
                                     " belongs to container " + other->second);
  return address;
}

Result<uint32_t> free_address(const NetworkState& network, const Taken& taken) {
  const Subnet4& subnet = network.subnet;
  uint32_t first = subnet.base + 2;
  uint32_t count = subnet.host() - first;
  uint32_t begin = 0;
  if (auto last = parse_address4(network.last_lease); last && subnet.contains(*last))
    begin = *last + 1 - first;
  for (uint32_t i = 0; i < count; ++i)
    if (uint32_t address = first + (begin + i) % count; !taken.addresses.count(address))
      return address;
  return fail(Code::kConflict,
              "network " + network.name + " has no address left: " + std::to_string(count) +
                  " containers have one of " + subnet.text(),
              "delete containers, or use another network");
}

Result<Lease> decide_lease(const State& state, const Json& entry) {
  std::string name = read_text(entry, "network");
  auto network = find_network(state, name);
  if (!network) return fail(std::move(network.error()));
  const Json& options = member(entry, "options");
  Taken others = taken(state, **network);
  std::string asked = read_text(options, "ipv4Address");
  auto address =
      asked.empty() ? free_address(**network, others) : asked_address(**network, others, asked);
  if (!address) return fail(std::move(address.error()));
  Lease lease;
  lease.network = name;
  lease.ipv4 = address4_text(*address);
  lease.ipv6 = (*network)->subnet_v6.address(*address - (*network)->subnet.base);
  lease.mac = read_text(options, "macAddress", mac_of(*address));
  lease.mtu = read_integer(options, "mtu").value_or((*network)->mtu());
  if (lease.mtu > (*network)->mtu())
    return fail(Code::kInvalid, "an MTU of " + std::to_string(lease.mtu) +
                                    " is more than network " + name + " carries, which is " +
                                    std::to_string((*network)->mtu()));
  if (auto other = others.macs.find(lease.mac); other != others.macs.end())
    return fail(Code::kConflict, "the MAC address " + lease.mac + " of network " + name +
                                     " belongs to container " + other->second);
  return lease;
}

}  // namespace

Result<std::string> normalise_mac(const std::string& text) {
  std::string result;
  bool good = text.size() == 17;
  for (size_t i = 0; good && i < text.size(); ++i) {
    char c = text[i];
    if (i % 3 == 2) {
      good = c == ':' || c == '-';
      c = ':';
    } else {
      good = isxdigit(static_cast<unsigned char>(c)) != 0;
      if (c >= 'A' && c <= 'F') c = char(c - 'A' + 'a');
    }
    result += c;
  }
  if (!good) return fail(Code::kInvalid, "\"" + text + "\" is not a MAC address");
  bool group = (result[1] >= 'a' ? result[1] - 'a' + 10 : result[1] - '0') & 1;
  if (group || result == "00:00:00:00:00:00")
    return fail(Code::kInvalid, "the MAC address " + text + " is not that of one station",
                "its first byte must be even");
  return result;
}

Result<std::vector<Lease>> decide_leases(const State& state, const Json& configuration) {
  std::vector<Lease> leases;
  std::set<std::string> seen;
  for (const Json& entry : member(configuration, "networks")) {
    auto lease = decide_lease(state, entry);
    if (!lease) return fail(std::move(lease.error()));
    // A container's interfaces are told apart by their address.
    if (!seen.insert(lease->mac).second)
      return fail(Code::kInvalid, "two interfaces have the MAC address " + lease->mac);
    leases.push_back(std::move(*lease));
  }
  return leases;
}

}  // namespace bulkhead::model
