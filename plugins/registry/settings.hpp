// registries.toml: what the user says about registries and about the network on the way to them.
//
//     [transfer]
//     connect_seconds = 10
//     stall_seconds = 30          # no byte for so long: the transfer is cut and tried again
//     retries = 5
//
//     [registry."docker.io"]      # by the name that images use, with its port if it has one
//     mirrors = ["https://mirror.example.com", "http://127.0.0.1:5000"]
//     scheme = "https"            # or "http"; wins over auto
//     insecure = true             # https, but the certificate isn't verified
//     ca = "ca.pem"               # an additional CA; relative paths start at this file
//     client_certificate = "me.pem"
//     client_key = "me.key"
//     proxy = "socks5h://127.0.0.1:1080"   # instead of the environment's; "" is none
//
// All of it may be left out, the file too. A key that we don't know is an error: some of these
// decide whom we trust, and a typo must not leave that at its default unnoticed. A mirror is a
// server like others: its certificate, proxy and login are those of its own name.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::registry {

enum class Scheme { kAuto, kHttp, kHttps };

struct RegistrySettings {
  std::vector<std::string> mirrors;  // "https://host[:port][/path]", without a last slash
  Scheme scheme = Scheme::kAuto;
  bool insecure = false;
  // Absolute paths, or empty.
  std::string ca;
  std::string client_certificate;
  std::string client_key;            // may be empty: then the certificate's file holds it too
  std::optional<std::string> proxy;  // nothing: the environment's; "": none

  bool operator==(const RegistrySettings&) const = default;
};

class Settings {
 public:
  // `path` is named in errors, and its directory is where relative paths start.
  static Result<Settings> parse(std::string_view toml, const std::string& path);
  static Result<Settings> read(const std::string& path);  // a missing file: the defaults

  // By an image's domain, or a mirror's host and port. Valid as long as this object.
  const RegistrySettings& of(const std::string& server) const;

  int connect_ms = 10'000;
  int stall_ms = 30'000;
  int retries = 5;

 private:
  std::map<std::string, RegistrySettings> registries_;
};

}  // namespace bulkhead::registry
