#include "requests.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstdio>
#include <limits>

namespace bulkhead::network {
namespace {

using Json = nlohmann::json;

constexpr int64_t kMostPorts = 4096;  // each is a descriptor of this process
constexpr int kMinimumMtu = 1280;
constexpr int kMaximumMtu = 65520;

template <std::size_t n>
Result<std::array<uint8_t, n>> address_at(const Json& body, const char* key) {
  std::string text = string_or(body, key, "");
  std::array<uint8_t, n> address{};
  if (inet_pton(n == 4 ? AF_INET : AF_INET6, text.c_str(), address.data()) != 1)
    return fail(Code::kInvalid, std::string(key) + " \"" + text + "\" is not an address");
  return address;
}

template <std::size_t n>
Result<std::pair<std::array<uint8_t, n>, int>> subnet_at(const Json& body, const char* key) {
  std::string text = string_or(body, key, "");
  std::size_t slash = text.find('/');
  std::array<uint8_t, n> base{};
  int bits = -1;
  if (slash != std::string::npos)
    std::from_chars(text.data() + slash + 1, text.data() + text.size(), bits);
  // A subnet of less than four addresses has no room for anybody.
  if (bits < 1 || bits > int(n) * 8 - 2 ||
      inet_pton(n == 4 ? AF_INET : AF_INET6, text.substr(0, slash).c_str(), base.data()) != 1)
    return fail(Code::kInvalid, std::string(key) + " \"" + text + "\" is not a subnet");
  return std::pair(base, bits);
}

// The last address but one of the subnet.
Address4 host_address(const Address4& base, int bits) {
  uint32_t address = uint32_t(base[0]) << 24 | uint32_t(base[1]) << 16 | uint32_t(base[2]) << 8 |
                     uint32_t(base[3]);
  address |= ~uint32_t{0} >> bits;
  address -= 1;
  return {static_cast<uint8_t>(address >> 24), static_cast<uint8_t>(address >> 16),
          static_cast<uint8_t>(address >> 8), static_cast<uint8_t>(address)};
}

// The same number behind the IPv6 prefix, which is at least as long as IPv4's.
Address6 host_address6(const Address6& base, const Address4& ipv4, int bits) {
  Address6 address = base;
  uint32_t number = (uint32_t(ipv4[0]) << 24 | uint32_t(ipv4[1]) << 16 | uint32_t(ipv4[2]) << 8 |
                     uint32_t(ipv4[3])) &
                    (~uint32_t{0} >> bits);
  for (std::size_t i = 0; i < 4; ++i) address[15 - i] |= static_cast<uint8_t>(number >> 8 * i);
  return address;
}

Status read_ports(const Json& body, std::vector<PublishedPort>& ports) {
  auto found = body.find("ports");
  if (found == body.end() || !found->is_array()) return {};
  for (const Json& one : *found) {
    std::string proto = string_or(one, "proto", "tcp");
    int64_t host = integer_or(one, "hostPort", 0);
    int64_t port = integer_or(one, "containerPort", 0);
    int64_t count = integer_or(one, "count", 1);
    constexpr int64_t kHighest = std::numeric_limits<uint16_t>::max();
    if (host < 1 || port < 1 || count < 1 || count > kHighest || host + count - 1 > kHighest ||
        port + count - 1 > kHighest || (proto != "tcp" && proto != "udp"))
      return fail(Code::kInvalid, "a port to publish is out of range");
    if (int64_t(ports.size()) + count > kMostPorts)
      return fail(Code::kInvalid, "more than 4096 ports of one container can't be published");
    for (int64_t i = 0; i < count; ++i)
      ports.push_back({string_or(one, "hostAddress", "127.0.0.1"), static_cast<uint16_t>(host + i),
                       static_cast<uint16_t>(port + i), proto == "udp"});
  }
  return {};
}

}  // namespace

Result<Mac> parse_mac(const std::string& text) {
  Mac mac{};
  bool good = text.size() == 17;
  for (std::size_t i = 0; good && i < mac.size(); ++i) {
    const char* at = text.data() + i * 3;
    unsigned value = 0;
    auto [end, error] = std::from_chars(at, at + 2, value, 16);
    good = error == std::errc() && end == at + 2 && (i == 5 || at[2] == ':');
    mac[i] = static_cast<uint8_t>(value);
  }
  if (good) return mac;
  return fail(Code::kInvalid, "\"" + text + "\" is not a MAC address");
}

std::string mac_text(const Mac& mac) {
  char text[18];
  snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
           mac[4], mac[5]);
  return text;
}

std::string address_text(const Address4& address) {
  char text[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, address.data(), text, sizeof text);
  return text;
}

std::string address_text(const Address6& address) {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, address.data(), text, sizeof text);
  return text;
}

Result<NetworkPlan> parse_create(const Json& body) {
  auto subnet = subnet_at<4>(body, "subnet");
  if (!subnet) return fail(std::move(subnet.error()));
  auto subnet6 = subnet_at<16>(body, "subnetV6");
  if (!subnet6) return fail(std::move(subnet6.error()));
  auto gateway = address_at<4>(body, "gateway");
  if (!gateway) return fail(std::move(gateway.error()));
  auto gateway6 = address_at<16>(body, "gatewayV6");
  if (!gateway6) return fail(std::move(gateway6.error()));
  int64_t mtu = integer_or(body, "mtu", kMaximumMtu);
  if (mtu < kMinimumMtu || mtu > kMaximumMtu)
    return fail(Code::kInvalid, "an MTU is from 1280 to 65520, not " + std::to_string(mtu));
  NetworkPlan plan;
  plan.gateway = {subnet->first,  subnet->second,  *gateway, *gateway6,
                  subnet6->first, subnet6->second, int(mtu)};
  plan.rules = {bool_or(body, "internal", false), bool_or(body, "hostLoopback", true), *gateway,
                *gateway6};
  plan.tap = string_or(body, "tap", "");
  plan.tap4 = host_address(subnet->first, subnet->second);
  plan.tap6 = host_address6(subnet6->first, plan.tap4, subnet->second);
  return plan;
}

Result<AttachRequest> parse_attach(const Json& body) {
  AttachRequest request;
  Membership& membership = request.membership;
  membership.container = string_or(body, "container", "");
  if (membership.container.empty()) return fail(Code::kInvalid, "network.attach needs a container");
  auto mac = parse_mac(string_or(body, "mac", ""));
  if (!mac) return fail(std::move(mac.error()));
  auto ipv4 = address_at<4>(body, "ipv4");
  if (!ipv4) return fail(std::move(ipv4.error()));
  auto ipv6 = address_at<16>(body, "ipv6");
  if (!ipv6) return fail(std::move(ipv6.error()));
  membership.identity = {*mac, *ipv4, *ipv6};
  if (auto names = body.find("names"); names != body.end() && names->is_array())
    for (const Json& name : *names)
      if (name.is_string()) membership.names.push_back(name.get<std::string>());
  if (auto good = read_ports(body, membership.ports); !good) return fail(std::move(good.error()));
  request.restore = bool_or(body, "restore", false);
  return request;
}

}  // namespace bulkhead::network
