// The network methods' requests (sdk/schema/METHODS.md, network/1), parsed and checked once;
// whatever passes is a plain value that the rest of the room needn't doubt.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "lease.hpp"
#include "published_ports.hpp"

namespace bulkhead::net {

// What may change while the network lives.
struct NetworkNames {
  std::vector<std::string> domains;     // a container is also <name>.<domain>
  std::vector<std::string> host_names;  // mean the gateway, beside host.container.internal
};

struct CreateRequest {
  std::string network;
  Subnet subnet;
  Ip gateway;
  std::optional<Subnet> subnet6;
  std::optional<Ip> gateway6;
  size_t mtu = 1500;
  bool internal = false;
  bool host_loopback = true;
  std::string tap;
  NetworkNames names;
  std::optional<std::string> dns_domain;

  // Not of the request: where the host's resolvers are named, and their port. A test has its own.
  std::string resolv_conf = "/etc/resolv.conf";
  uint16_t dns_port = 53;
};

struct AttachRequest {
  std::string container;
  Lease lease;
  std::vector<std::string> names;
  std::vector<PublishedPort> ports;
  bool restore = false;
};

Result<CreateRequest> parse_create(const Json& body);
Result<AttachRequest> parse_attach(const Json& body);
Result<std::string> parse_detach(const Json& body);
Result<NetworkNames> parse_configure(const Json& body);
Result<std::vector<std::string>> parse_gc(const Json& body);

}  // namespace bulkhead::net
