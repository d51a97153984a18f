#include "guest/core/mount_parse.hpp"

#include <arpa/inet.h>

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

Result<MountSpec> mount_of(const Json& json) {
  MountSpec spec;
  std::string type;
  JsonFields fields(json, "container.mounts");
  fields.text("type", type);
  fields.text("source", spec.source);
  fields.text("destination", spec.destination);
  fields.text("file", spec.file);
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
  if (spec.type != MountSpec::Type::kTmpfs && spec.source.empty())
    return fail(Code::kInvalid, "container.mounts.source is missing");
  if (!spec.destination.starts_with('/') || spec.destination == "/")
    return fail(Code::kInvalid, "\"" + spec.destination + "\" is no place for a mount");
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
  if (!spec.path.starts_with('/') || spec.path == "/")
    return fail(Code::kInvalid, "\"" + spec.path + "\" is no place for a socket");
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
