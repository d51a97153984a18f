// The parts of Container.configuration that are about networks: which networks, which ports and
// sockets the host publishes, further names in /etc/hosts. Shapes as the reference prints them.
#pragma once

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

inline constexpr std::size_t kMaximumPublished = 64;
inline constexpr std::size_t kMaximumNetworks = 8;

// ContainerRequest.networks -> [{"network", "options": {"hostname", "macAddress"?, "mtu"?,
// "ipv4Address"?, "aliases"?}}]. Absent: the default network; "none": an empty list.
Result<Json> networks_of(const State& state, const std::string& id, const Json& request);

// ContainerRequest.publishedPorts; refuses ports of two entries that would be the same.
Result<Json> published_ports_of(const Json& request, bool has_network);

// ContainerRequest.publishedSockets: [{"hostPath", "containerPath"}], absolute paths.
Result<Json> published_sockets_of(const Json& request);

// ContainerRequest.hosts: [{"name", "address"}]; the address may be "host-gateway".
Result<Json> extra_hosts_of(const Json& request);

}  // namespace bulkhead::model
