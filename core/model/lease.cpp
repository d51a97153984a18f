#include "model/lease.hpp"

#include "model/read_json.hpp"

namespace bulkhead::model {

Json lease_json(const Lease& lease) {
  return {{"network", lease.network},
          {"mac", lease.mac},
          {"ipv4", lease.ipv4},
          {"ipv6", lease.ipv6},
          {"mtu", lease.mtu}};
}

Lease lease_from(const Json& json) {
  return {read_text(json, "network"), read_text(json, "mac"), read_text(json, "ipv4"),
          read_text(json, "ipv6"), read_integer(json, "mtu").value_or(0)};
}

}  // namespace bulkhead::model
