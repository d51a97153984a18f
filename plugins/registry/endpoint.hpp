// Where a registry is spoken to: its own address, and the mirrors that are asked before it.
//
//     docker.io is served by registry-1.docker.io, as everybody's Docker knows by heart
//     scheme    the request's; under "auto" the settings', else http for this machine, private
//               networks (RFC 1918, fc00::/7), names below .localhost and the local domain, unless
//               the settings name TLS files; https for all others
//
// An endpoint's `server` is the name its settings and credentials are kept under.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/reference.hpp"
#include "http_client.hpp"
#include "settings.hpp"

namespace bulkhead::registry {

// What every request of registry/1 begins with.
struct Remote {
  Reference reference;
  std::string scheme = "auto";
  std::string local_domain;  // names below it are this machine's; may be empty
};

struct Endpoint {
  std::string base;    // "https://registry-1.docker.io": what "/v2/..." follows
  std::string server;  // "docker.io"
  bool mirror = false;
  Transport transport;
};

std::vector<Endpoint> endpoints_of(const Remote& remote, const Settings& settings,
                                   bool with_mirrors);

// How another host that a registry points to is reached: with that host's own settings.
Transport transport_to(const std::string& server, const Settings& settings);

// "https", "host:port" of a URL; empty if it is none that we follow.
struct Origin {
  std::string scheme, server;
  bool operator==(const Origin&) const = default;
};
Origin origin_of(const std::string& url);
// `location` as the answer to `url` means it; empty if that is no http or https URL.
std::string resolve_location(const std::string& url, const std::string& location);

bool is_nearby(std::string_view server, std::string_view local_domain);

}  // namespace bulkhead::registry
