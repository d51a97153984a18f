#include "options/publish.hpp"

#include <algorithm>
#include <optional>

#include "command/table.hpp"
#include "options/host_name.hpp"
#include "options/number.hpp"

namespace bulkhead::cli {

namespace {

constexpr std::string_view kForm = "[host-ip:]host-port:container-port[/tcp|udp]";
constexpr uint64_t kLargestPort = 65535;

Failure refuse(std::string_view text, const std::string& why) {
  return usage("--publish '" + std::string(text) + "' " + why);
}

struct Range {
  uint64_t first = 0;
  uint64_t count = 1;
};

Result<Range> parse_range(std::string_view text, std::string_view whole) {
  const std::string what = "--publish '" + std::string(whole) + "'";
  const size_t dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash), what, 1, kLargestPort);
  if (!first) return fail(first.error());
  if (dash == std::string_view::npos) return Range{*first, 1};
  const auto last = parse_number(text.substr(dash + 1), what, 1, kLargestPort);
  if (!last) return fail(last.error());
  if (*last < *first) {
    return refuse(whole, "has a range that ends before it begins: " + std::string(text));
  }
  return Range{*first, *last - *first + 1};
}

Result<std::string> parse_protocol(std::string_view text, std::string_view whole) {
  std::string protocol(text);
  for (char& c : protocol) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (protocol == "tcp" || protocol == "udp") return protocol;
  return refuse(whole, "names the protocol '" + std::string(text) + "': choose tcp or udp");
}

// Takes "1.2.3.4:" or "[::1]:" off the beginning of `rest`; nothing if there is no address.
Result<std::optional<std::string>> take_address(std::string_view& rest, std::string_view whole) {
  const bool bracketed = rest.starts_with('[');
  const size_t end = bracketed ? rest.find("]:") : rest.find(':');
  if (bracketed && end == std::string_view::npos) {
    return refuse(whole, "has a bracket that isn't closed before a port");
  }
  const bool two_ports_only =
      end == std::string_view::npos || rest.find(':', end + 1) == std::string_view::npos;
  if (!bracketed && two_ports_only) return std::optional<std::string>();
  std::string address(bracketed ? rest.substr(1, end - 1) : rest.substr(0, end));
  rest.remove_prefix(end + (bracketed ? 2 : 1));
  if (bracketed ? !is_ipv6_address(address) : !is_ipv4_address(address)) {
    return refuse(whole, "names '" + address + "', which is not an IP" + (bracketed ? "v6" : "v4") +
                             " address" + (bracketed ? "" : "; IPv6 stands in brackets"));
  }
  return std::optional(std::move(address));
}

bool is_any_address(const std::string& address) {
  return is_ipv4_address(address) ? address == "0.0.0.0"
                                  : address.find_first_not_of("0:") == std::string::npos;
}

bool same_address(const std::string& one, const std::string& other) {
  if (is_ipv4_address(one) != is_ipv4_address(other)) return false;
  return one == other || is_any_address(one) || is_any_address(other);
}

bool overlap(const PublishedPort& one, const PublishedPort& other) {
  return one.protocol == other.protocol && same_address(one.host_address, other.host_address) &&
         one.host_port < other.host_port + other.count &&
         other.host_port < one.host_port + one.count;
}

}  // namespace

Result<PublishedPort> parse_publish(std::string_view text) {
  PublishedPort port;
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    auto protocol = parse_protocol(text.substr(slash + 1), text);
    if (!protocol) return fail(std::move(protocol.error()));
    port.protocol = std::move(*protocol);
  }
  std::string_view rest = text.substr(0, slash);
  auto address = take_address(rest, text);
  if (!address) return fail(std::move(address.error()));
  if (*address) port.host_address = std::move(**address);

  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos) {
    return refuse(text, "names one port only: write " + std::string(kForm) + ", e.g. 8080:80");
  }
  const auto host = parse_range(rest.substr(0, colon), text);
  if (!host) return fail(host.error());
  const auto container = parse_range(rest.substr(colon + 1), text);
  if (!container) return fail(container.error());
  if (host->count != container->count) {
    return refuse(text, "leads " + std::to_string(host->count) + " port(s) of the host to " +
                            std::to_string(container->count) + " of the container");
  }
  port.host_port = host->first;
  port.container_port = container->first;
  port.count = host->count;
  return port;
}

Result<std::vector<PublishedPort>> parse_published(const std::vector<std::string>& texts) {
  if (texts.size() > kMostPublished) {
    return usage("--publish is given " + std::to_string(texts.size()) + " times: at most " +
                 std::to_string(kMostPublished) + " are possible; a range counts as one");
  }
  std::vector<PublishedPort> ports;
  for (const std::string& text : texts) {
    auto port = parse_publish(text);
    if (!port) return fail(std::move(port.error()));
    for (size_t i = 0; i < ports.size(); ++i) {
      if (overlap(ports[i], *port)) {
        return refuse(text, "and '" + texts[i] + "' take the same port of the host");
      }
    }
    ports.push_back(std::move(*port));
  }
  return ports;
}

}  // namespace bulkhead::cli
