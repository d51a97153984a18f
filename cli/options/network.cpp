#include "options/network.hpp"

#include <algorithm>

#include "command/table.hpp"
#include "options/host_name.hpp"
#include "options/number.hpp"

namespace bulkhead::cli {

namespace {

constexpr size_t kMacBytes = 6;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "aa:bb:.." or "aa-bb-.." with one separator throughout.
bool has_the_form_of_a_mac(std::string_view text) {
  if (text.size() != kMacBytes * 3 - 1) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool separator = i % 3 == 2;
    if (separator ? (text[i] != text[2]) : hex_value(text[i]) < 0) return false;
  }
  return text[2] == ':' || text[2] == '-';
}

Status apply(Network& network, std::string_view key, std::string_view value) {
  if (key == "mac") {
    auto address = parse_mac_address(value, "--network");
    if (!address) return fail(std::move(address.error()));
    network.mac_address = std::move(*address);
  } else if (key == "mtu") {
    const auto mtu = parse_number(value, "--network: mtu", kLeastMtu, kLargestMtu);
    if (!mtu) return fail(mtu.error());
    network.mtu = *mtu;
  } else if (key == "ip") {
    if (!is_ipv4_address(value)) {
      return usage("--network: ip '" + std::string(value) + "' is not an IPv4 address");
    }
    network.ipv4_address = value;
  } else if (key == "alias") {
    if (!is_host_name(value)) {
      return usage("--network: alias '" + std::string(value) + "' is not a host name");
    }
    network.aliases.emplace_back(value);
  } else {
    return usage("--network: unknown key '" + std::string(key) +
                 "': choose one of mac, mtu, ip, alias");
  }
  return {};
}

Status check_network_option(const std::string& key, const std::string& value) {
  if (key == "host-loopback" && value != "true" && value != "false") {
    return usage("--option host-loopback: '" + value + "' is neither true nor false");
  }
  if (key == "mtu") {
    const auto mtu = parse_number(value, "--option mtu", kLeastMtu, kLargestMtu);
    if (!mtu) return fail(mtu.error());
  }
  return {};
}

}  // namespace

Result<std::string> parse_mac_address(std::string_view text, std::string_view option) {
  const std::string whole = std::string(option) + ": mac '" + std::string(text) + "' ";
  if (!has_the_form_of_a_mac(text)) {
    return usage(whole + "is not of the form 02:42:ac:11:00:02");
  }
  std::string address(text);
  for (char& c : address) {
    if (c == '-') c = ':';
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  constexpr int kGroupBit = 1;
  if ((hex_value(address[1]) & kGroupBit) != 0) {
    return usage(whole + "is the address of a group: the first byte must be even");
  }
  if (address.find_first_not_of("0:") == std::string::npos) {
    return usage(whole + "is no station's address");
  }
  return address;
}

Result<Network> parse_network(std::string_view text) {
  size_t comma = text.find(',');
  Network network;
  network.name = text.substr(0, comma);
  if (network.name.empty()) return usage("--network '" + std::string(text) + "' has no name");
  while (comma != std::string_view::npos) {
    text.remove_prefix(comma + 1);
    comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    const size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      return usage("--network " + network.name + ": '" + std::string(item) +
                   "' is not of the form key=value");
    }
    if (network.name == kNoNetwork) {
      return usage("--network none takes nothing after it: there is no interface to configure");
    }
    if (auto ok = apply(network, item.substr(0, equals), item.substr(equals + 1)); !ok) {
      return fail(std::move(ok.error()));
    }
  }
  return network;
}

Result<std::vector<Network>> parse_networks(const std::vector<std::string>& texts) {
  std::vector<Network> networks;
  for (const std::string& text : texts) {
    auto network = parse_network(text);
    if (!network) return fail(std::move(network.error()));
    for (const Network& other : networks) {
      if (other.name == kNoNetwork || network->name == kNoNetwork) {
        return usage("--network none can't be combined with another network");
      }
      if (other.name == network->name) {
        return usage("--network " + network->name + " is given twice");
      }
      if (!network->mac_address.empty() && other.mac_address == network->mac_address) {
        return usage("--network: mac " + network->mac_address + " is given twice");
      }
    }
    networks.push_back(std::move(*network));
  }
  return networks;
}

Result<std::map<std::string, std::string>> parse_network_options(
    const std::vector<std::string>& texts) {
  std::map<std::string, std::string> options;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    std::string key = text.substr(0, equals);
    if (equals == std::string::npos || key.empty()) {
      return usage("--option '" + text + "' is not of the form key=value");
    }
    std::string value = text.substr(equals + 1);
    if (auto ok = check_network_option(key, value); !ok) return fail(std::move(ok.error()));
    options[std::move(key)] = std::move(value);
  }
  return options;
}

}  // namespace bulkhead::cli
