#include "model/network_configuration.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <set>

#include "model/lease_decide.hpp"
#include "model/network_decide.hpp"
#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

constexpr int64_t kHighestPort = 65535;
constexpr std::size_t kLongestSocketPath = 107;  // sockaddr_un
constexpr std::size_t kMaximumHosts = 256;

// What a name in DNS and /etc/hosts may be.
bool is_host_name(const std::string& text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
         });
}

bool is_address(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

Result<Json> network_of(const std::string& id, const Json& asked) {
  std::string name = read_text(asked, "name");
  Json options = {{"hostname", id}};
  if (std::string mac = read_text(asked, "macAddress"); !mac.empty()) {
    auto normal = normalise_mac(mac);
    if (!normal) return fail(std::move(normal.error()).context("network " + name));
    options["macAddress"] = *normal;
  }
  if (!member(asked, "mtu").is_null()) {
    int64_t mtu = read_integer(asked, "mtu").value_or(0);
    if (mtu < kMinimumMtu || mtu > 65535)
      return fail(Code::kInvalid,
                  "the MTU of network " + name + " must be a number from 1280 to 65535");
    options["mtu"] = std::min(mtu, kMaximumMtu);
  }
  if (std::string address = read_text(asked, "ipv4Address"); !address.empty())
    options["ipv4Address"] = address;
  std::vector<std::string> aliases = read_texts(asked, "aliases");
  for (const std::string& alias : aliases)
    if (!is_host_name(alias))
      return fail(Code::kInvalid, "the alias \"" + alias + "\" is not a host name");
  if (!aliases.empty()) options["aliases"] = aliases;
  return Json{{"network", name}, {"options", options}};
}

struct Port {
  std::string host;
  int64_t host_port = 0;
  int64_t container_port = 0;
  int64_t count = 1;
  std::string proto;
};

Result<Port> port_of(const Json& asked) {
  Port port{read_text(asked, "hostAddress", "127.0.0.1"),
            read_integer(asked, "hostPort").value_or(0),
            read_integer(asked, "containerPort").value_or(0),
            read_integer(asked, "count").value_or(1), read_text(asked, "proto", "tcp")};
  if (!is_address(port.host))
    return fail(Code::kInvalid, "\"" + port.host + "\" is not an address of this host",
                "give an IPv4 or IPv6 address, such as 127.0.0.1 or [::1]");
  if (port.proto != "tcp" && port.proto != "udp")
    return fail(Code::kInvalid, "a port is tcp or udp, not " + port.proto);
  for (int64_t first : {port.host_port, port.container_port})
    if (first < 1 || port.count < 1 || first + port.count - 1 > kHighestPort)
      return fail(Code::kInvalid, "ports are numbers from 1 to 65535");
  return port;
}

// Whether both would listen on the same port: the unspecified address is every address.
bool collide(const Port& a, const Port& b) {
  auto any = [](const std::string& host) { return host == "0.0.0.0" || host == "::"; };
  bool addresses = a.host == b.host || any(a.host) || any(b.host);
  return addresses && a.proto == b.proto && a.host_port < b.host_port + b.count &&
         b.host_port < a.host_port + a.count;
}

}  // namespace

Result<Json> networks_of(const State& state, const std::string& id, const Json& request) {
  const Json& asked = member(request, "networks");
  Json result = Json::array();
  if (!asked.is_array()) {
    // It is there as soon as the service is.
    if (state.networks.count(kDefaultNetwork))
      result.push_back({{"network", kDefaultNetwork}, {"options", {{"hostname", id}}}});
    return result;
  }
  if (asked.size() == 1 && read_text(asked.front(), "name") == kNoNetwork) return result;
  if (asked.size() > kMaximumNetworks)
    return fail(Code::kInvalid,
                "a container joins at most " + std::to_string(kMaximumNetworks) + " networks");
  std::set<std::string> seen;
  for (const Json& one : asked) {
    std::string name = read_text(one, "name");
    if (name == kNoNetwork)
      return fail(Code::kInvalid, "the network none can't be combined with another network");
    if (!seen.insert(name).second)
      return fail(Code::kInvalid, "the network " + name + " is given twice");
    auto network = network_of(id, one);
    if (!network) return network;
    result.push_back(std::move(*network));
  }
  return result;
}

Result<Json> published_ports_of(const Json& request, bool has_network) {
  Json result = Json::array();
  const Json& asked = member(request, "publishedPorts");
  if (asked.is_array() && asked.size() > kMaximumPublished)
    return fail(Code::kInvalid, "a container publishes at most 64 ports or ranges of ports");
  std::vector<Port> ports;
  for (const Json& one : asked) {
    auto port = port_of(one);
    if (!port) return fail(std::move(port.error()));
    for (const Port& other : ports)
      if (collide(*port, other))
        return fail(Code::kInvalid, "host port " + std::to_string(port->host_port) + "/" +
                                        port->proto + " is published twice");
    ports.push_back(*port);
    result.push_back({{"hostAddress", port->host},
                      {"hostPort", port->host_port},
                      {"containerPort", port->container_port},
                      {"proto", port->proto},
                      {"count", port->count}});
  }
  if (!ports.empty() && !has_network)
    return fail(Code::kInvalid, "a container without a network can't publish ports");
  return result;
}

Result<Json> published_sockets_of(const Json& request) {
  Json result = Json::array();
  const Json& asked = member(request, "publishedSockets");
  if (asked.is_array() && asked.size() > kMaximumPublished)
    return fail(Code::kInvalid, "a container publishes at most 64 sockets");
  for (const Json& one : asked) {
    for (const char* key : {"hostPath", "containerPath"})
      if (std::string path = read_text(one, key);
          !path.starts_with('/') || path.size() > kLongestSocketPath)
        return fail(Code::kInvalid, "\"" + path + "\" is not the path of a socket",
                    "give an absolute path of at most 107 bytes");
    result.push_back({{"hostPath", read_text(one, "hostPath")},
                      {"containerPath", read_text(one, "containerPath")}});
  }
  return result;
}

Result<Json> extra_hosts_of(const Json& request) {
  const Json& asked = member(request, "hosts");
  if (!asked.is_array() || asked.empty()) return Json(nullptr);
  if (asked.size() > kMaximumHosts) return fail(Code::kInvalid, "at most 256 hosts can be added");
  Json result = Json::array();
  for (const Json& one : asked) {
    std::string name = read_text(one, "name");
    std::string address = read_text(one, "address");
    if (!is_host_name(name))
      return fail(Code::kInvalid, "\"" + name + "\" is not the name of a host");
    if (address != "host-gateway" && !is_address(address))
      return fail(Code::kInvalid,
                  "\"" + address + "\", given for host " + name + ", is not an IP address",
                  "or say host-gateway for this host");
    result.push_back({{"name", name}, {"address", address}});
  }
  return result;
}

}  // namespace bulkhead::model
