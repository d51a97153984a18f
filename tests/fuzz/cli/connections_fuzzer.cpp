// --network, --publish, --publish-socket, --add-host and network create's --option as bytes: each
// line is one occurrence. What is accepted must be within its bounds and must not be able to add a
// word to a file; what isn't must be a sentence.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <string>
#include <vector>

#include "options/add_host.hpp"
#include "options/host_name.hpp"
#include "options/network.hpp"
#include "options/publish.hpp"
#include "options/publish_socket.hpp"

namespace {

using namespace bulkhead;
using namespace bulkhead::cli;

void require(bool holds) {
  if (!holds) abort();
}

void check(const Error& error) {
  require(!error.message.empty());
}

std::vector<std::string> lines_of(const char* data, size_t size) {
  std::vector<std::string> lines(1);
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += data[i];
    }
  }
  return lines;
}

bool is_word(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '#') return false;
  }
  return !text.empty();
}

void try_networks(const std::vector<std::string>& texts) {
  const auto networks = parse_networks(texts);
  if (!networks) return check(networks.error());
  for (const Network& network : *networks) {
    require(!network.name.empty());
    require(network.name != kNoNetwork || networks->size() == 1);
    require(network.mac_address.empty() || network.mac_address.size() == 17);
    require(!network.mtu || (*network.mtu >= kLeastMtu && *network.mtu <= kLargestMtu));
    for (const std::string& alias : network.aliases) require(is_word(alias));
  }
}

void try_ports(const std::vector<std::string>& texts) {
  const auto ports = parse_published(texts);
  if (!ports) return check(ports.error());
  require(ports->size() == texts.size() && ports->size() <= kMostPublished);
  for (const PublishedPort& port : *ports) {
    require(port.count >= 1);
    require(port.host_port >= 1 && port.host_port + port.count - 1 <= 65535);
    require(port.container_port >= 1 && port.container_port + port.count - 1 <= 65535);
    require(port.protocol == "tcp" || port.protocol == "udp");
    require(is_ipv4_address(port.host_address) || is_ipv6_address(port.host_address));
  }
}

void try_sockets(const std::vector<std::string>& texts) {
  const auto sockets = parse_published_sockets(texts);
  if (!sockets) return check(sockets.error());
  for (const PublishedSocket& socket : *sockets) {
    require(socket.host_path.starts_with('/') && socket.container_path.starts_with('/'));
  }
}

void try_hosts(const std::vector<std::string>& texts) {
  const auto hosts = parse_add_hosts(texts);
  if (!hosts) return check(hosts.error());
  for (const Host& host : *hosts) require(is_word(host.name) && is_word(host.address));
}

void try_options(const std::vector<std::string>& texts) {
  const auto options = parse_network_options(texts);
  if (!options) check(options.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  constexpr void (*kParsers[])(const std::vector<std::string>&) = {
      try_networks, try_ports, try_sockets, try_hosts, try_options};
  const auto texts = lines_of(reinterpret_cast<const char*>(data + 1), size - 1);
  kParsers[data[0] % std::size(kParsers)](texts);
  return 0;
}
