#include "guest/core/container_spec.hpp"

#include <sys/utsname.h>

#include "guest/core/base64.hpp"
#include "guest/core/json_fields.hpp"
#include "guest/core/mount_parse.hpp"

namespace bulkhead::guest {
namespace {

constexpr size_t kEntropyBytes = 64;
constexpr int64_t kDevicesOfAKind = 24;  // slots of the machine
constexpr size_t kHostnameLimit = sizeof(utsname::nodename) - 1;
// 2^53 ms-ish bounds keep later arithmetic (seconds, kilobytes, quotas) inside 64 bits.
constexpr int64_t kLargest = int64_t{1} << 53;

Status read_rootfs(const Json* json, ContainerSpec& spec) {
  if (json == nullptr) return fail(Code::kInvalid, "container.rootfs is missing");
  JsonFields fields(*json, "container.rootfs");
  fields.text("image", spec.image_disk);
  fields.text("writable", spec.writable_disk);
  fields.flag("readOnly", spec.read_only);
  if (auto status = fields.status(); !status) return status;
  if (spec.image_disk.empty()) return fail(Code::kInvalid, "container.rootfs.image is missing");
  return {};
}

// Values are strings, as in OCI; numbers are taken for what people write.
Status read_sysctls(const Json* json, ContainerSpec& spec) {
  if (json == nullptr) return {};
  if (!json->is_object()) return fail(Code::kInvalid, "container.sysctls must be an object");
  for (const auto& [key, value] : json->items()) {
    if (value.is_string()) {
      spec.sysctls.emplace_back(key, value.get_ref<const std::string&>());
    } else if (value.is_number_integer()) {
      spec.sysctls.emplace_back(key, value.dump());
    } else {
      return fail(Code::kInvalid, "the value of sysctl " + key + " must be a string");
    }
  }
  return {};
}

Status read_clone(const Json* json, ContainerSpec& spec) {
  if (json == nullptr) return {};
  CloneSpec clone;
  JsonFields fields(*json, "container.clone");
  fields.number("disks", clone.disks, 0, kDevicesOfAKind);
  fields.number("cards", clone.cards, 0, kDevicesOfAKind);
  fields.number("folders", clone.folders, 0, kDevicesOfAKind);
  if (auto status = fields.status(); !status) return status;
  spec.clone = clone;
  return {};
}

Status read_surroundings(const JsonFields& fields, ContainerSpec& spec) {
  if (const Json* json = fields.any("networks")) {
    auto networks = parse_networks(*json);
    if (!networks) return fail(std::move(networks.error()));
    spec.networks = std::move(*networks);
  }
  if (const Json* json = fields.any("mounts")) {
    auto mounts = parse_mounts(*json);
    if (!mounts) return fail(std::move(mounts.error()));
    spec.mounts = std::move(*mounts);
  }
  if (const Json* json = fields.any("sockets")) {
    auto sockets = parse_sockets(*json);
    if (!sockets) return fail(std::move(sockets.error()));
    spec.sockets = std::move(*sockets);
  }
  return {};
}

Status check_paths(const std::vector<std::string>& paths, std::string_view what) {
  for (const std::string& path : paths) {
    if (!path.starts_with('/'))
      return fail(Code::kInvalid, std::string(what) + " \"" + path + "\" is not an absolute path");
  }
  return {};
}

Status read_entropy(const std::string& text, ContainerSpec& spec) {
  auto bytes = decode_base64(text);
  if (!bytes || bytes->size() != kEntropyBytes)
    return fail(Code::kInvalid, "container.entropy must be 64 bytes in base64");
  spec.entropy = std::move(*bytes);
  return {};
}

Status check(const ContainerSpec& spec) {
  if (spec.hostname.empty() || spec.hostname.size() > kHostnameLimit)
    return fail(Code::kInvalid, "container.hostname must have 1 to 64 characters");
  if (!(spec.cpus >= 0 && spec.cpus < 1e6))
    return fail(Code::kInvalid, "container.cpus must be a number of processors");
  if (auto status = check_paths(spec.tmpfs, "tmpfs"); !status) return status;
  if (auto status = check_paths(spec.masked_paths, "masked path"); !status) return status;
  return check_paths(spec.readonly_paths, "read-only path");
}

}  // namespace

Result<ContainerSpec> parse_container(std::string_view text) {
  auto json = parse_json(text, "container");
  if (!json) return fail(std::move(json.error()));
  ContainerSpec spec;
  std::string entropy;
  JsonFields fields(*json, "container");
  fields.text("hostname", spec.hostname);
  fields.number("timeUs", spec.time_us, 0, kLargest);
  fields.text("entropy", entropy);
  fields.text("resolvConf", spec.resolv_conf);
  fields.text("hosts", spec.hosts);
  fields.number("shmBytes", spec.shm_bytes, 0, kLargest);
  fields.texts("tmpfs", spec.tmpfs);
  fields.texts("maskedPaths", spec.masked_paths);
  fields.texts("readonlyPaths", spec.readonly_paths);
  fields.flag("useInit", spec.use_init);
  fields.real("cpus", spec.cpus);
  fields.number("memoryBytes", spec.memory_bytes, 0, kLargest);

  Status status = fields.status();
  if (status) status = read_rootfs(fields.any("rootfs"), spec);
  if (status) status = read_sysctls(fields.any("sysctls"), spec);
  if (status) status = read_surroundings(fields, spec);
  if (status) status = read_clone(fields.any("clone"), spec);
  if (status) status = read_entropy(entropy, spec);
  if (status) status = check(spec);
  if (!status) return fail(std::move(status.error()));
  return spec;
}

}  // namespace bulkhead::guest
