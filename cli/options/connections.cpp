#include "options/connections.hpp"

#include <nlohmann/json.hpp>

#include "options/add_host.hpp"
#include "options/host_path.hpp"
#include "options/network.hpp"
#include "options/publish.hpp"
#include "options/publish_socket.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

Status put_networks(json& request, const Invocation& invocation) {
  auto networks = parse_networks(invocation.values("network"));
  if (!networks) return fail(std::move(networks.error()));
  for (const Network& network : *networks) {
    json item = {{"name", network.name}};
    if (!network.mac_address.empty()) item["macAddress"] = network.mac_address;
    if (network.mtu) item["mtu"] = *network.mtu;
    if (!network.ipv4_address.empty()) item["ipv4Address"] = network.ipv4_address;
    if (!network.aliases.empty()) item["aliases"] = network.aliases;
    request["networks"].push_back(std::move(item));
  }
  const bool none = networks->size() == 1 && networks->front().name == kNoNetwork;
  if (none && invocation.has("publish")) {
    return usage("--publish needs a network, and --network none leaves the container without");
  }
  return {};
}

Status put_ports(json& request, const Invocation& invocation) {
  auto ports = parse_published(invocation.values("publish"));
  if (!ports) return fail(std::move(ports.error()));
  for (const PublishedPort& port : *ports) {
    request["publishedPorts"].push_back({{"hostAddress", port.host_address},
                                         {"hostPort", port.host_port},
                                         {"containerPort", port.container_port},
                                         {"proto", port.protocol},
                                         {"count", port.count}});
  }
  return {};
}

Status put_sockets(json& request, const Invocation& invocation) {
  auto sockets = parse_published_sockets(invocation.values("publish-socket"));
  if (!sockets) return fail(std::move(sockets.error()));
  for (const PublishedSocket& socket : *sockets) {
    request["publishedSockets"].push_back(
        {{"hostPath", socket.host_path}, {"containerPath", socket.container_path}});
  }
  return {};
}

Status put_hosts(json& request, const Invocation& invocation) {
  auto hosts = parse_add_hosts(invocation.values("add-host"));
  if (!hosts) return fail(std::move(hosts.error()));
  for (const Host& host : *hosts) {
    request["hosts"].push_back({{"name", host.name}, {"address", host.address}});
  }
  return {};
}

}  // namespace

Status put_connections(json& request, const Invocation& invocation) {
  for (const auto& step : {put_networks, put_ports, put_sockets, put_hosts}) {
    if (auto ok = step(request, invocation); !ok) return ok;
  }
  request["ssh"] = invocation.has("ssh");
  return {};
}

std::optional<std::string> ssh_agent_socket(const Environment& environment) {
  const auto named = environment("SSH_AUTH_SOCK");
  if (!named || named->empty()) return std::nullopt;
  const auto path = parse_host_path(*named, "SSH_AUTH_SOCK");
  return path ? std::optional(*path) : std::nullopt;
}

}  // namespace bulkhead::cli
