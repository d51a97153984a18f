#include "guest/core/mount_parse.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace bulkhead::guest {
namespace {

constexpr size_t kMost = 256;
constexpr int64_t kLargest = int64_t{1} << 53;

Result<std::array<uint8_t, 6>> mac_of(const std::string& text) {
  std::array<uint8_t, 6> mac{};
  bool good = text.size() == 17;
  for (size_t i = 0; good && i < mac.size(); ++i) {
    const char* at = text.data() + i * 3;
    unsigned value = 0;
    auto [end, error] = std::from_chars(at, at + 2, value, 16);
    good = error == std::errc() && end == at + 2 && (i == 5 || at[2] == ':');
    mac[i] = static_cast<uint8_t>(value);
  }
  if (good) return mac;
  return fail(Code::kInvalid, "\"" + text + "\" is not a MAC address");
}

Result<InterfaceAddress> address_of(const std::string& text, int family) {
  InterfaceAddress address;
  address.family = family;
  if (inet_pton(family, text.c_str(), address.bytes.data()) == 1) return address;
  return fail(Code::kInvalid, "\"" + text + "\" is not an address of its family");
}

Result<InterfaceAddress> subnet_address_of(const std::string& text, int family) {
  size_t slash = std::min(text.find('/'), text.size());
  auto address = address_of(text.substr(0, slash), family);
  if (!address) return address;
  int longest = family == AF_INET ? 32 : 128;
  const char* end = text.data() + text.size();
  auto [stop, error] =
      std::from_chars(text.data() + std::min(slash + 1, text.size()), end, address->prefix);
  if (error != std::errc() || stop != end || address->prefix < 0 || address->prefix > longest)
    return fail(Code::kInvalid, "\"" + text + "\" is not an address with its prefix");
  return address;
}

Result<NetworkSpec> network_of(const Json& json) {
  NetworkSpec spec;
  std::string mac, ipv4, ipv6, gateway, gateway6;
  JsonFields fields(json, "container.networks");
  fields.text("mac", mac);
  fields.text("ipv4", ipv4);
  fields.text("ipv6", ipv6);
  fields.text("gateway", gateway);
  fields.text("gatewayV6", gateway6);
  fields.number("mtu", spec.mtu, 68, 65535);
  if (auto status = fields.status(); !status) return fail(std::move(status.error()));
  auto parsed = mac_of(mac);
  if (!parsed) return fail(std::move(parsed.error()));
  spec.mac = *parsed;
  for (auto [text, family] : {std::pair(&ipv4, AF_INET), std::pair(&ipv6, AF_INET6)}) {
    if (text->empty()) continue;
    auto address = subnet_address_of(*text, family);
    if (!address) return fail(std::move(address.error()));
    spec.addresses.push_back(*address);
  }
  for (auto [text, family] : {std::pair(&gateway, AF_INET), std::pair(&gateway6, AF_INET6)}) {
    if (text->empty()) continue;
    auto address = address_of(*text, family);
    if (!address) return fail(std::move(address.error()));
    spec.gateways.push_back(*address);
  }
  return spec;
}

// Without empty, "." and ".." parts, so that depth and sameness can be told from the text; "/" if
// nothing is left.
std::string clean_path(const std::string& path) {
  std::string clean;
  for (size_t at = 0; at < path.size();) {
    size_t end = std::min(path.find('/', at), path.size());
    std::string_view part = std::string_view(path).substr(at, end - at);
    at = end + 1;
    if (part == "..") {
      clean.resize(clean.empty() ? 0 : clean.rfind('/'));
    } else if (!part.empty() && part != ".") {
      clean.append("/").append(part);
    }
  }
  return clean.empty() ? "/" : clean;
}

// What is to be put at the path must not hide the container's root.
Status place_at(std::string& path, const char* what) {
  const std::string asked = path;
  if (asked.starts_with('/')) path = clean_path(asked);
  if (asked.starts_with('/') && path != "/") return {};
  return fail(Code::kInvalid, "\"" + asked + "\" is no place for a " + what);
}

Result<MountSpec> mount_of(const Json& json) {
  MountSpec spec;
  std::string type;
  std::string transport;
  JsonFields fields(json, "container.mounts");
  fields.text("type", type);
  fields.text("source", spec.source);
  fields.text("destination", spec.destination);
  fields.text("file", spec.file);
  fields.text("transport", transport);
  fields.flag("readOnly", spec.read_only);
  fields.flag("copyUp", spec.copy_up);
  fields.number("sizeBytes", spec.size_bytes, 0, kLargest);
  if (fields.has("mode")) {
    uint32_t mode = 0;
    fields.number("mode", mode, 0, 07777);
    spec.mode = mode;
  }
  if (auto status = fields.status(); !status) return fail(std::move(status.error()));
  if (type == "disk") {
    spec.type = MountSpec::Type::kDisk;
  } else if (type == "share") {
    spec.type = MountSpec::Type::kShare;
  } else if (type != "tmpfs") {
    return fail(Code::kInvalid, "\"" + type + "\" is no type of mount: disk, share or tmpfs");
  }
  spec.virtiofs = transport == "virtiofs";
  if (!spec.virtiofs && !transport.empty() && transport != "9p")
    return fail(Code::kInvalid, "\"" + transport + "\" carries no share: 9p or virtiofs");
  if (spec.type != MountSpec::Type::kTmpfs && spec.source.empty())
    return fail(Code::kInvalid, "container.mounts.source is missing");
  if (auto status = place_at(spec.destination, "mount"); !status)
    return fail(std::move(status.error()));
  if (spec.file == "." || spec.file == ".." || spec.file.find('/') != std::string::npos)
    return fail(Code::kInvalid, "\"" + spec.file + "\" is not the name of a file");
  return spec;
}

Result<SocketSpec> socket_of(const Json& json) {
  SocketSpec spec;
  std::string direction;
  JsonFields fields(json, "container.sockets");
  fields.text("direction", direction);
  fields.text("guest", spec.path);
  fields.number("id", spec.id, 0, kLargest);
  if (auto status = fields.status(); !status) return fail(std::move(status.error()));
  spec.to_host = direction == "to-host";
  if (!spec.to_host && direction != "to-guest")
    return fail(Code::kInvalid, "\"" + direction + "\" is no direction of a socket");
  if (auto status = place_at(spec.path, "socket"); !status) return fail(std::move(status.error()));
  return spec;
}

template <class T>
Result<std::vector<T>> list_of(const Json& json, const char* what, Result<T> (*one)(const Json&)) {
  if (!json.is_array() || json.size() > kMost)
    return fail(Code::kInvalid, std::string(what) + " must be an array of at most 256");
  std::vector<T> list;
  for (const Json& element : json) {
    auto parsed = one(element);
    if (!parsed) return fail(std::move(parsed.error()));
    list.push_back(std::move(*parsed));
  }
  return list;
}

}  // namespace

size_t InterfaceAddress::size() const {
  return family == AF_INET ? 4 : 16;
}

Result<std::vector<NetworkSpec>> parse_networks(const Json& json) {
  return list_of<NetworkSpec>(json, "container.networks", network_of);
}

Result<std::vector<SocketSpec>> parse_sockets(const Json& json) {
  return list_of<SocketSpec>(json, "container.sockets", socket_of);
}

Result<std::vector<MountSpec>> parse_mounts(const Json& json) {
  return list_of<MountSpec>(json, "container.mounts", mount_of);
}

}  // namespace bulkhead::guest
