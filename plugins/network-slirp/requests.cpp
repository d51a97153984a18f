#include "requests.hpp"

#include <algorithm>

#include "bulkhead/printable.hpp"
#include "dns_message.hpp"

namespace bulkhead::net {
namespace {

constexpr size_t kMinMtu = 1280;   // IPv6 asks for that
constexpr size_t kMaxMtu = 65520;  // libslirp takes no more than 65,521

bool is_id(std::string_view text) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  return !text.empty() && text.size() <= 128 &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<std::string> id_at(const Json& body, const char* key) {
  Result<std::string> id = string_at(body, key);
  if (id && !is_id(*id))
    return fail(Code::kInvalid, "key \"" + std::string(key) + "\" is not an id");
  return id;
}

Result<int64_t> number_at(const Json& body, const char* key, int64_t low, int64_t high) {
  const Result<int64_t> number = integer_at(body, key);
  if (number && (*number < low || *number > high))
    return fail(Code::kInvalid, "key \"" + std::string(key) + "\" is not between " +
                                    std::to_string(low) + " and " + std::to_string(high));
  return number;
}

// Absent is empty.
Result<std::vector<std::string>> strings_at(const Json& body, const char* key) {
  std::vector<std::string> all;
  const auto list = body.find(key);
  if (list == body.end() || list->is_null()) return all;
  const bool good = list->is_array() && std::all_of(list->begin(), list->end(),
                                                    [](const Json& v) { return v.is_string(); });
  if (!good)
    return fail(Code::kInvalid, "key \"" + std::string(key) + "\" is not a list of strings");
  for (const Json& item : *list) all.push_back(item.get<std::string>());
  return all;
}

Result<std::vector<std::string>> names_at(const Json& body, const char* key) {
  auto names = strings_at(body, key);
  if (!names) return names;
  for (const std::string& name : *names) {
    if (name.empty() ||
        !dns_name_to_wire(name.ends_with('.') ? name.substr(0, name.size() - 1) : name))
      return fail(Code::kInvalid, in_quotes(name) + " can't be a name in DNS");
  }
  return names;
}

Result<NetworkNames> network_names_of(const Json& body) {
  auto domains = names_at(body, "domains");
  if (!domains) return fail(std::move(domains.error()));
  auto host_names = names_at(body, "hostNames");
  if (!host_names) return fail(std::move(host_names.error()));
  return NetworkNames{std::move(*domains), std::move(*host_names)};
}

Status take_v4(const Json& body, CreateRequest& request) {
  const auto text = string_at(body, "subnet");
  if (!text) return fail(text.error());
  auto subnet = parse_subnet(*text);
  if (!subnet) return fail(std::move(subnet.error()));
  if (subnet->base.v6 || subnet->prefix < 8 || subnet->prefix > 29)
    return fail(Code::kInvalid, "subnet " + *text + " isn't an IPv4 subnet from /8 to /29");
  const auto gateway_text = string_at(body, "gateway");
  if (!gateway_text) return fail(gateway_text.error());
  const auto gateway = parse_ip(*gateway_text);
  if (!gateway) return fail(gateway.error());
  if (!subnet->contains(*gateway) || *gateway == subnet->base || *gateway == subnet->last())
    return fail(Code::kInvalid, "gateway " + *gateway_text + " isn't an address of " + *text);
  request.subnet = *subnet;
  request.gateway = *gateway;
  return {};
}

Status take_v6(const Json& body, CreateRequest& request) {
  const std::string text = string_or(body, "subnetV6", "");
  if (text.empty()) return {};
  auto subnet = parse_subnet(text);
  if (!subnet) return fail(std::move(subnet.error()));
  if (!subnet->base.v6 || subnet->prefix < 16 || subnet->prefix > 112)
    return fail(Code::kInvalid, "subnet " + text + " isn't an IPv6 subnet from /16 to /112");
  const auto gateway = parse_ip(string_or(body, "gatewayV6", ""));
  if (!gateway) return fail(gateway.error());
  if (!subnet->contains(*gateway) || *gateway == subnet->base)
    return fail(Code::kInvalid, "gateway " + to_text(*gateway) + " isn't an address of " + text);
  request.subnet6 = *subnet;
  request.gateway6 = *gateway;
  return {};
}

Result<PublishedPort> parse_port(const Json& body) {
  if (!body.is_object()) return fail(Code::kInvalid, "a published port is not an object");
  PublishedPort port;
  const auto host = parse_ip(string_or(body, "hostAddress", "127.0.0.1"));
  if (!host) return fail(host.error());
  port.host = *host;
  const auto host_port = number_at(body, "hostPort", 1, 65535);
  if (!host_port) return fail(host_port.error());
  const auto container_port = number_at(body, "containerPort", 1, 65535);
  if (!container_port) return fail(container_port.error());
  const int64_t count = integer_or(body, "count", 1);
  if (count < 1 || std::max(*host_port, *container_port) + count - 1 > 65535)
    return fail(Code::kInvalid, "key \"count\" goes beyond port 65535, or is less than 1");
  const std::string proto = string_or(body, "proto", "tcp");
  if (proto != "tcp" && proto != "udp")
    return fail(Code::kInvalid, "key \"proto\" is neither tcp nor udp");
  port.host_port = static_cast<uint16_t>(*host_port);
  port.container_port = static_cast<uint16_t>(*container_port);
  port.udp = proto == "udp";
  port.count = static_cast<unsigned>(count);
  return port;
}

Status take_ports(const Json& body, AttachRequest& request) {
  const auto list = body.find("ports");
  if (list == body.end() || list->is_null()) return {};
  if (!list->is_array()) return fail(Code::kInvalid, "key \"ports\" is not a list");
  for (const Json& item : *list) {
    auto port = parse_port(item);
    if (!port) return fail(std::move(port.error()));
    request.ports.push_back(*port);
  }
  return {};
}

Status take_lease(const Json& body, Lease& lease) {
  const auto mac_text = string_at(body, "mac");
  if (!mac_text) return fail(mac_text.error());
  const auto mac = parse_mac(*mac_text);
  if (!mac) return fail(mac.error());
  lease.mac = *mac;
  const auto text = string_at(body, "ipv4");
  if (!text) return fail(text.error());
  const auto v4 = parse_ip(*text);
  if (!v4) return fail(v4.error());
  if (v4->v6) return fail(Code::kInvalid, *text + " isn't an IPv4 address");
  lease.v4 = *v4;
  const std::string text6 = string_or(body, "ipv6", "");
  if (text6.empty()) return {};
  const auto v6 = parse_ip(text6);
  if (!v6) return fail(v6.error());
  if (!v6->v6) return fail(Code::kInvalid, text6 + " isn't an IPv6 address");
  lease.v6 = *v6;
  return {};
}

template <class T>
Result<T> named(const char* method, Result<T> result) {
  if (!result) return fail(std::move(result.error()).context(method));
  return result;
}

Result<CreateRequest> create_of(const Json& body) {
  CreateRequest request;
  auto network = id_at(body, "network");
  if (!network) return fail(std::move(network.error()));
  request.network = std::move(*network);
  if (Status taken = take_v4(body, request); !taken) return fail(std::move(taken.error()));
  if (Status taken = take_v6(body, request); !taken) return fail(std::move(taken.error()));
  const auto mtu = number_at(body, "mtu", kMinMtu, kMaxMtu);
  if (!mtu) return fail(mtu.error());
  request.mtu = static_cast<size_t>(*mtu);
  request.internal = bool_or(body, "internal", false);
  request.host_loopback = bool_or(body, "hostLoopback", true);
  request.tap = string_or(body, "tap", "");
  auto names = network_names_of(body);
  if (!names) return fail(std::move(names.error()));
  request.names = std::move(*names);
  const std::string domain = string_or(body, "dnsDomain", "");
  if (!domain.empty()) request.dns_domain = domain;
  return request;
}

Result<AttachRequest> attach_of(const Json& body) {
  AttachRequest request;
  auto container = id_at(body, "container");
  if (!container) return fail(std::move(container.error()));
  request.container = std::move(*container);
  if (Status taken = take_lease(body, request.lease); !taken) return fail(std::move(taken.error()));
  auto names = names_at(body, "names");
  if (!names) return fail(std::move(names.error()));
  request.names = std::move(*names);
  if (Status taken = take_ports(body, request); !taken) return fail(std::move(taken.error()));
  request.restore = bool_or(body, "restore", false);
  return request;
}

}  // namespace

Result<CreateRequest> parse_create(const Json& body) {
  return named("network.create", create_of(body));
}

Result<AttachRequest> parse_attach(const Json& body) {
  return named("network.attach", attach_of(body));
}

Result<std::string> parse_detach(const Json& body) {
  return named("network.detach", id_at(body, "container"));
}

Result<NetworkNames> parse_configure(const Json& body) {
  if (!body.contains("domains"))
    return fail(Code::kInvalid, "network.configure: key \"domains\" is missing");
  return named("network.configure", network_names_of(body));
}

Result<std::vector<std::string>> parse_gc(const Json& body) {
  if (!body.contains("containers"))
    return fail(Code::kInvalid, "network.gc: key \"containers\" is missing");
  return named("network.gc", strings_at(body, "containers"));
}

}  // namespace bulkhead::net
