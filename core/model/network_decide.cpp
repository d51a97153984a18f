#include "model/network_decide.hpp"

#include <algorithm>
#include <charconv>

#include "model/facts.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/time_text.hpp"

namespace bulkhead::model {
namespace {

constexpr std::size_t kLongestName = 63;
constexpr std::size_t kLongestLabel = 128;

bool small_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Result<Json> checked_labels(const Json& given) {
  if (given.is_null()) return Json::object();
  if (!given.is_object()) return fail(Code::kInvalid, "labels must be an object of strings");
  for (const auto& [key, value] : given.items())
    if (key.empty() || key.size() > kLongestLabel || !value.is_string())
      return fail(Code::kInvalid,
                  "label \"" + key + "\" must be KEY=VALUE, with a key of at most 128 characters");
  return given;
}

Result<Json> checked_options(const Json& given) {
  if (given.is_null()) return Json::object();
  for (const auto& [key, value] : given.items()) {
    if (!value.is_string()) return fail(Code::kInvalid, "option " + key + " must be a string");
    const auto& text = value.get_ref<const std::string&>();
    if (key == "host-loopback") {
      if (text != "true" && text != "false")
        return fail(Code::kInvalid, "option host-loopback is true or false, not " + text);
    } else if (key == "mtu") {
      int64_t mtu = 0;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mtu);
      if (error != std::errc() || end != text.data() + text.size() || mtu < kMinimumMtu ||
          mtu > kMaximumMtu)
        return fail(Code::kInvalid, "option mtu is a number from 1280 to 65520, not " + text);
    } else if (key != "variant") {  // the reference's, which has no meaning here
      return fail(Code::kInvalid,
                  "a network of " + std::string(kNetworkPlugin) + " has no option \"" + key + "\"",
                  "it knows host-loopback=true|false and mtu=<bytes>");
    }
  }
  return given;
}

// The name of the network whose subnet overlaps.
std::string overlapping(const State& state, const Subnet4& subnet) {
  for (const auto& [name, network] : state.networks)
    if (network.subnet.overlaps(subnet)) return name;
  return {};
}

std::string overlapping(const State& state, const Subnet6& subnet) {
  for (const auto& [name, network] : state.networks)
    if (network.subnet_v6.overlaps(subnet)) return name;
  return {};
}

bool of_the_host(const std::vector<Subnet4>& host, const Subnet4& subnet) {
  return std::any_of(host.begin(), host.end(),
                     [&](const Subnet4& own) { return own.overlaps(subnet); });
}

// The reference's first subnet and those after it, then the whole of 10/8 from its quiet end.
std::vector<Subnet4> candidates4() {
  std::vector<Subnet4> all;
  for (uint32_t third = 64; third < 256; ++third) all.push_back({0xC0A80000U | third << 8, 24});
  for (uint32_t third = 0; third < 256; ++third) all.push_back({0x0AFE0000U | third << 8, 24});
  return all;
}

Result<Subnet4> choose4(const State& state, const CreateNetwork& command) {
  std::string asked = command.subnet;
  if (!asked.empty()) {
    auto subnet = parse_subnet4(asked);
    if (!subnet) return subnet;
    if (std::string other = overlapping(state, *subnet); !other.empty())
      return fail(Code::kConflict,
                  "the subnet " + asked + " overlaps with " +
                      state.networks.find(other)->second.subnet.text() + " of network " + other,
                  "choose another, or leave --subnet out");
    return subnet;
  }
  if (auto preferred = property_value(state, "network.subnet"))
    if (auto subnet = subnet4_around(*preferred); subnet && overlapping(state, *subnet).empty())
      return subnet;
  for (const Subnet4& subnet : candidates4())
    if (overlapping(state, subnet).empty() && !of_the_host(command.host_subnets, subnet))
      return subnet;
  return fail(Code::kConflict, "there is no free subnet left", "give one with --subnet");
}

// A prefix of the service's own, from its journal's id as RFC 4193 wants 40 random bits, and the
// network's number behind it.
Subnet6 candidate6(const std::string& journal, uint32_t number) {
  Subnet6 subnet;
  subnet.base[0] = 0xfd;
  size_t nibbles = 0;
  for (char c : journal) {
    int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0 || nibbles >= 10) continue;
    subnet.base[1 + nibbles / 2] |= static_cast<unsigned char>(nibbles % 2 ? value : value << 4);
    ++nibbles;
  }
  subnet.base[6] = static_cast<unsigned char>(number >> 8);
  subnet.base[7] = static_cast<unsigned char>(number);
  return subnet;
}

Result<Subnet6> choose6(const State& state, const CreateNetwork& command) {
  if (!command.subnet_v6.empty()) {
    auto subnet = parse_subnet6(command.subnet_v6);
    if (!subnet) return subnet;
    if (std::string other = overlapping(state, *subnet); !other.empty())
      return fail(Code::kConflict,
                  "the subnet " + command.subnet_v6 + " overlaps with " +
                      state.networks.find(other)->second.subnet_v6.text() + " of network " + other,
                  "choose another, or leave --subnet-v6 out");
    return subnet;
  }
  if (auto preferred = property_value(state, "network.subnetv6"))
    if (auto subnet = subnet6_around(*preferred); subnet && overlapping(state, *subnet).empty())
      return subnet;
  for (uint32_t number = 0; number < 65536; ++number)
    if (Subnet6 subnet = candidate6(state.journal, number); overlapping(state, subnet).empty())
      return subnet;
  return fail(Code::kConflict, "there is no free IPv6 subnet left", "give one with --subnet-v6");
}

Status check_plugin(const std::string& plugin) {
  if (plugin.empty() || plugin == kNetworkPlugin || plugin == kNetworkPluginAlias) return {};
  return fail(Code::kNotFound, "there is no network plugin " + plugin,
              std::string("this host has ") + kNetworkPlugin);
}

}  // namespace

bool NetworkState::builtin() const {
  return name == kDefaultNetwork;
}

bool NetworkState::host_loopback() const {
  return read_text(options, "host-loopback", "true") == "true";
}

int64_t NetworkState::mtu() const {
  std::string text = read_text(options, "mtu");
  int64_t mtu = kDefaultMtu;
  std::from_chars(text.data(), text.data() + text.size(), mtu);
  return mtu;
}

Status check_network_name(const std::string& name) {
  bool good = !name.empty() && name.size() <= kLongestName && small_or_digit(name.front()) &&
              small_or_digit(name.back()) && std::all_of(name.begin(), name.end(), [](char c) {
                return small_or_digit(c) || c == '.' || c == '_' || c == '-';
              });
  if (name == kNoNetwork)
    return fail(Code::kInvalid, "\"none\" stands for no network and can't be the name of one");
  if (good) return {};
  return fail(Code::kInvalid, "\"" + name + "\" is not a valid network name",
              "use at most 63 small letters, digits, '.', '_' or '-', with a letter or digit first "
              "and last");
}

Result<Decision> decide_network_create(const State& state, const CreateNetwork& command,
                                       const Origin& origin) {
  if (auto good = check_network_name(command.name); !good) return fail(std::move(good.error()));
  if (const auto other = state.networks.find(command.name); other != state.networks.end()) {
    std::string hint = "choose another name";
    if (!other->second.builtin())
      hint += ", or `container network delete " + command.name + "` first";
    return fail(Code::kConflict, "a network named " + command.name + " exists", std::move(hint));
  }
  if (auto good = check_plugin(command.plugin); !good) return fail(std::move(good.error()));
  auto labels = checked_labels(command.labels);
  if (!labels) return fail(std::move(labels.error()));
  auto options = checked_options(command.options);
  if (!options) return fail(std::move(options.error()));
  auto subnet = choose4(state, command);
  if (!subnet) return fail(std::move(subnet.error()));
  auto subnet_v6 = choose6(state, command);
  if (!subnet_v6) return fail(std::move(subnet_v6.error()));
  Json data = {{"subnet", subnet->text()},     {"subnetV6", subnet_v6->text()},
               {"internal", command.internal}, {"labels", *labels},
               {"options", *options},          {"plugin", kNetworkPlugin}};
  Decision decision;
  decision.push_back(
      fact(stream_name("network", command.name), "network.created", std::move(data), origin));
  return decision;
}

Result<Decision> decide_network_delete(const State& state, const std::string& name,
                                       const Origin& origin) {
  auto network = find_network(state, name);
  if (!network) return fail(std::move(network.error()));
  if ((*network)->builtin())
    return fail(Code::kConflict, "the network " + name + " comes with the service and stays");
  if (auto users = users_of_network(state, name); !users.empty())
    return fail(Code::kConflict, "network " + name + " is used by " + joined(users),
                "delete " + std::string(users.size() == 1 ? "that container" : "those containers") +
                    " first");
  Decision decision;
  decision.push_back(fact(stream_name("network", name), "network.deleted", Json::object(), origin));
  return decision;
}

std::vector<std::string> users_of_network(const State& state, std::string_view network) {
  std::vector<std::string> users;
  for (const auto& [id, container] : state.containers)
    if (container.lease(network)) users.push_back(id);
  return users;
}

std::vector<std::string> prunable_networks(const State& state) {
  std::vector<std::string> names;
  for (const auto& [name, network] : state.networks)
    if (!network.builtin() && users_of_network(state, name).empty()) names.push_back(name);
  return names;
}

Result<const NetworkState*> find_network(const State& state, std::string_view name) {
  auto found = state.networks.find(name);
  if (found != state.networks.end()) return &found->second;
  return fail(Code::kNotFound, "network not found: " + std::string(name),
              "`container network list` shows those that exist");
}

Json network_view(const NetworkState& network) {
  Json status = {{"ipv4Subnet", network.subnet.text()},
                 {"ipv4Gateway", address4_text(network.subnet.gateway())},
                 {"ipv6Subnet", network.subnet_v6.text()},
                 {"ipv6Gateway", network.subnet_v6.address(1)}};
  if (!network.tap.empty() && network.host) {
    status["interface"] = network.tap;
    status["hostAddress"] = address4_text(network.subnet.host());
  }
  if (!network.no_tap.empty() && network.host) status["noInterface"] = network.no_tap;
  return {{"id", network.name},
          {"configuration",
           {{"name", network.name},
            {"creationDate", time_seconds(network.created_at_us)},
            {"mode", network.internal ? "hostOnly" : "nat"},
            {"ipv4Subnet", network.subnet.text()},
            {"ipv6Subnet", network.subnet_v6.text()},
            {"labels", network.labels},
            {"plugin", network.plugin},
            {"options", network.options}}},
          {"status", std::move(status)}};
}

Json networks_view(const State& state) {
  Json list = Json::array();
  for (const auto& [name, network] : state.networks) list.push_back(network_view(network));
  return list;
}

}  // namespace bulkhead::model
