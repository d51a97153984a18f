#include "settings.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>

#include "bulkhead/server_name.hpp"
#include "private_file.hpp"

namespace bulkhead::registry {
namespace {

using toml::node;

constexpr size_t kLargest = 1 << 20;

// Where in the file we are; makes the errors.
struct Place {
  const std::string& path;

  Failure refuse(const toml::source_region& at, const std::string& what) const {
    return fail(Code::kInvalid, path + ":" + std::to_string(at.begin.line) + ": " + what);
  }
  std::string absolute(const std::string& file) const {
    const std::filesystem::path directory = std::filesystem::path(path).parent_path();
    return std::filesystem::absolute(directory / file).lexically_normal().string();
  }
};

// Reads one key's value into the thing it sets. What was expected, if it isn't that.
using Take = std::function<std::optional<std::string>(const node& value)>;
struct Key {
  std::string_view name;
  Take take;
};

std::string in_list(const std::vector<Key>& keys) {
  std::string names;
  for (const Key& key : keys) names += (names.empty() ? "" : ", ") + std::string(key.name);
  return names;
}

Status take_keys(const toml::table& table, const std::string& of, const std::vector<Key>& keys,
                 const Place& place) {
  for (const auto& [name, value] : table) {
    const std::string_view given = name.str();
    const auto known = std::find_if(keys.begin(), keys.end(),
                                    [given](const Key& key) { return key.name == given; });
    if (known == keys.end()) {
      return place.refuse(name.source(), "there is no key '" + std::string(given) + "' in " + of +
                                             "; there are " + in_list(keys));
    }
    if (const auto expected = known->take(value)) {
      return place.refuse(value.source(), std::string(known->name) + " must be " + *expected);
    }
  }
  return {};
}

Take number(int& to, int64_t low, int64_t high, int unit) {
  return [&to, low, high, unit](const node& value) -> std::optional<std::string> {
    const auto* given = value.as_integer();
    if (given == nullptr || given->get() < low || given->get() > high) {
      return "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    }
    to = static_cast<int>(given->get()) * unit;
    return std::nullopt;
  };
}

Take yes_or_no(bool& to) {
  return [&to](const node& value) -> std::optional<std::string> {
    if (!value.is_boolean()) return "true or false";
    to = value.as_boolean()->get();
    return std::nullopt;
  };
}

Take file(std::string& to, const Place& place) {
  return [&to, &place](const node& value) -> std::optional<std::string> {
    if (!value.is_string() || value.as_string()->get().empty()) return "the path of a file";
    to = place.absolute(value.as_string()->get());
    return std::nullopt;
  };
}

Take scheme(Scheme& to) {
  return [&to](const node& value) -> std::optional<std::string> {
    const std::string text = value.value_or(std::string());
    if (text != "http" && text != "https") return "\"http\" or \"https\"";
    to = text == "http" ? Scheme::kHttp : Scheme::kHttps;
    return std::nullopt;
  };
}

// "scheme://host[:port]" is where this part of the text ends; 0 if it isn't one.
size_t end_of_address(std::string_view url, const std::function<bool(std::string_view)>& known) {
  const size_t colon = url.find("://");
  if (colon == std::string_view::npos || !known(url.substr(0, colon))) return 0;
  const size_t end = std::min(url.find('/', colon + 3), url.size());
  return server_of_login(url.substr(colon + 3, end - colon - 3)) ? end : 0;
}

std::optional<std::string> mirror_of(std::string url) {
  const size_t end =
      end_of_address(url, [](std::string_view name) { return name == "http" || name == "https"; });
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '"' && c != '\\';
  });
  if (end == 0 || !plain) return std::nullopt;
  while (url.back() == '/') url.pop_back();
  return url;
}

Take mirrors(std::vector<std::string>& to) {
  return [&to](const node& value) -> std::optional<std::string> {
    const std::string expected =
        "a list of addresses like \"https://mirror.example.com\" or \"http://127.0.0.1:5000\"";
    const auto* list = value.as_array();
    if (list == nullptr) return expected;
    for (const node& item : *list) {
      auto mirror = mirror_of(item.value_or(std::string()));
      if (!mirror) return expected;
      to.push_back(std::move(*mirror));
    }
    return std::nullopt;
  };
}

bool is_proxy(std::string_view url) {
  // It may hold a name and a password, which are libcurl's to understand.
  const size_t at = url.rfind('@');
  const size_t colon = url.find("://");
  std::string bare(url);
  if (at != std::string_view::npos && colon < at) bare.erase(colon + 3, at - colon - 2);
  const size_t end = end_of_address(bare, [](std::string_view name) {
    constexpr std::array<std::string_view, 6> kKnown = {"http",    "https",  "socks4",
                                                        "socks4a", "socks5", "socks5h"};
    return std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end();
  });
  return end != 0 && (end == bare.size() || end == bare.size() - 1);
}

Take proxy(std::optional<std::string>& to) {
  return [&to](const node& value) -> std::optional<std::string> {
    const auto* text = value.as_string();
    if (text == nullptr || (!text->get().empty() && !is_proxy(text->get()))) {
      return "an address like \"http://proxy:3128\" or \"socks5h://127.0.0.1:1080\", or \"\" for "
             "none";
    }
    to = text->get();
    return std::nullopt;
  };
}

Result<RegistrySettings> registry_of(const toml::table& table, const std::string& name,
                                     const Place& place) {
  RegistrySettings settings;
  const std::vector<Key> keys = {{"mirrors", mirrors(settings.mirrors)},
                                 {"scheme", scheme(settings.scheme)},
                                 {"insecure", yes_or_no(settings.insecure)},
                                 {"ca", file(settings.ca, place)},
                                 {"client_certificate", file(settings.client_certificate, place)},
                                 {"client_key", file(settings.client_key, place)},
                                 {"proxy", proxy(settings.proxy)}};
  if (auto taken = take_keys(table, "[registry.\"" + name + "\"]", keys, place); !taken) {
    return fail(std::move(taken.error()));
  }
  if (!settings.client_key.empty() && settings.client_certificate.empty()) {
    return place.refuse(table.get("client_key")->source(),
                        "client_key is of no use without client_certificate");
  }
  return settings;
}

// [registry.docker.io] without the quotes is the table "io" within "docker".
bool has_sections(const toml::table& table) {
  return std::any_of(table.begin(), table.end(),
                     [](const auto& entry) { return entry.second.is_table(); });
}

Status take_registries(const node& value, std::map<std::string, RegistrySettings>& to,
                       const Place& place) {
  const std::string expected = "a section like [registry.\"docker.io\"]";
  if (!value.is_table()) return place.refuse(value.source(), "registry must be " + expected);
  for (const auto& [key, section] : *value.as_table()) {
    const std::string name(key.str());
    const auto server = server_of_login(name);
    if (!server || *server != name) {
      return place.refuse(key.source(),
                          "'" + name + "' must be the registry's name as images have it" +
                              (server ? ": \"" + *server + "\"" : ", like \"docker.io\""));
    }
    if (!section.is_table()) {
      return place.refuse(section.source(), "registry." + name + " must be " + expected);
    }
    if (has_sections(*section.as_table())) {
      return place.refuse(section.source(),
                          "a name with dots stands in quotes, like [registry.\"docker.io\"]");
    }
    auto settings = registry_of(*section.as_table(), name, place);
    if (!settings) return fail(std::move(settings.error()));
    to.emplace(name, std::move(*settings));
  }
  return {};
}

Status take_transfer(const node& value, Settings& to, const Place& place) {
  if (!value.is_table()) {
    return place.refuse(value.source(), "transfer must be a section, [transfer]");
  }
  const std::vector<Key> keys = {{"connect_seconds", number(to.connect_ms, 1, 3600, 1000)},
                                 {"stall_seconds", number(to.stall_ms, 1, 3600, 1000)},
                                 {"retries", number(to.retries, 0, 100, 1)}};
  return take_keys(*value.as_table(), "[transfer]", keys, place);
}

}  // namespace

Result<Settings> Settings::parse(std::string_view text, const std::string& path) {
  const Place place{path};
  Settings settings;
  try {
    const toml::table document = toml::parse(text, path);
    for (const auto& [name, value] : document) {
      Status taken;
      if (name.str() == "transfer") {
        taken = take_transfer(value, settings, place);
      } else if (name.str() == "registry") {
        taken = take_registries(value, settings.registries_, place);
      } else {
        taken =
            place.refuse(name.source(), "there is no section or key '" + std::string(name.str()) +
                                            "'; there are [transfer] and [registry.\"...\"]");
      }
      if (!taken) return fail(std::move(taken.error()));
    }
  } catch (const toml::parse_error& error) {
    return place.refuse(error.source(), std::string(error.description()));
  }
  return settings;
}

Result<Settings> Settings::read(const std::string& path) {
  auto text = read_file(path, kLargest);
  if (!text) return fail(std::move(text.error()));
  return *text ? parse(**text, path) : Settings();
}

const RegistrySettings& Settings::of(const std::string& server) const {
  static const RegistrySettings kDefaults;
  const auto name = server_of_login(server);
  const auto found = registries_.find(name ? *name : server);
  return found == registries_.end() ? kDefaults : found->second;
}

}  // namespace bulkhead::registry
