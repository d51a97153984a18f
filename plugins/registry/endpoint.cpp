#include "endpoint.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace bulkhead::registry {
namespace {

using Url = std::unique_ptr<CURLU, void (*)(CURLU*)>;

Url parse_url(const std::string& text) {
  Url url(curl_url(), curl_url_cleanup);
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
    url.reset();
  return url;
}

std::string part(const Url& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return {};
  std::string result(text);
  curl_free(text);
  return result;
}

std::string host_of(std::string_view server) {
  if (server.starts_with('[')) return std::string(server.substr(1, server.find(']') - 1));
  return std::string(server.substr(0, server.find(':')));
}

bool is_private(const std::string& host) {
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) {
    const uint32_t address = ntohl(four.s_addr);
    return address >> 24 == 127 || address >> 24 == 10 || address >> 20 == 0xac1 ||
           address >> 16 == 0xc0a8;
  }
  in6_addr six{};
  if (inet_pton(AF_INET6, host.c_str(), &six) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&six) || (six.s6_addr[0] & 0xfe) == 0xfc;
}

std::string scheme_of(const Remote& remote, const RegistrySettings& settings) {
  if (remote.scheme != "auto") return remote.scheme;
  if (settings.scheme != Scheme::kAuto) return settings.scheme == Scheme::kHttp ? "http" : "https";
  const bool tls =
      settings.insecure || !settings.ca.empty() || !settings.client_certificate.empty();
  return !tls && is_nearby(remote.reference.domain, remote.local_domain) ? "http" : "https";
}

std::string address_of(const std::string& domain) {
  return domain == "docker.io" ? "registry-1.docker.io" : domain;
}

}  // namespace

bool is_nearby(std::string_view server, std::string_view local_domain) {
  const std::string host = host_of(server);
  const auto below = [&host](std::string_view domain) {
    return !domain.empty() && (host == domain || host.ends_with("." + std::string(domain)));
  };
  return is_private(host) || below("localhost") || below(local_domain);
}

Transport transport_to(const std::string& server, const Settings& settings) {
  const RegistrySettings& own = settings.of(server);
  Transport transport;
  transport.ca_file = own.ca;
  transport.certificate = own.client_certificate;
  transport.key = own.client_key;
  transport.insecure = own.insecure;
  if (own.proxy) {
    transport.proxy = *own.proxy;
    transport.no_proxy = own.proxy->empty();
  }
  transport.connect_ms = settings.connect_ms;
  transport.stall_s = std::max<long>(1, settings.stall_ms / 1000);
  return transport;
}

Origin origin_of(const std::string& text) {
  const Url url = parse_url(text);
  if (!url) return {};
  const std::string scheme = part(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return {};
  std::string server = part(url, CURLUPART_HOST);
  if (const std::string port = part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT); !port.empty())
    server += ":" + port;
  return {scheme, server};
}

std::string resolve_location(const std::string& url, const std::string& location) {
  const Url base = parse_url(url);
  if (!base ||
      curl_url_set(base.get(), CURLUPART_URL, location.c_str(), CURLU_DISALLOW_USER) != CURLUE_OK)
    return {};
  const std::string scheme = part(base, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return {};
  curl_url_set(base.get(), CURLUPART_FRAGMENT, nullptr, 0);
  return part(base, CURLUPART_URL);
}

std::vector<Endpoint> endpoints_of(const Remote& remote, const Settings& settings,
                                   bool with_mirrors) {
  const std::string& domain = remote.reference.domain;
  const RegistrySettings& own = settings.of(domain);
  std::vector<Endpoint> all;
  if (with_mirrors) {
    for (const std::string& base : own.mirrors) {
      const std::string server = origin_of(base).server;
      all.push_back({base, server, true, transport_to(server, settings)});
    }
  }
  all.push_back({scheme_of(remote, own) + "://" + address_of(domain), domain, false,
                 transport_to(domain, settings)});
  return all;
}

}  // namespace bulkhead::registry
