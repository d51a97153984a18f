#include "model/configuration.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "bulkhead/platform.hpp"
#include "bulkhead/size.hpp"
#include "model/capabilities.hpp"
#include "model/mounts.hpp"
#include "model/network_configuration.hpp"
#include "model/oci_defaults.hpp"
#include "model/process_configuration.hpp"
#include "model/property_decide.hpp"
#include "model/read_json.hpp"
#include "model/time_text.hpp"

namespace bulkhead::model {
namespace {

// The reference's name for "this host's default runtime", and the plugin that this is on Linux.
constexpr const char* kDefaultRuntime = "container-runtime-linux";
constexpr const char* kRuntimePlugin = "runtime-qemu";

Result<Json> capabilities(const Json& request, const char* key) {
  Json names = Json::array();
  for (const std::string& given : read_texts(request, key)) {
    auto name = normalise_capability(given);
    if (!name) return fail(std::move(name.error()));
    if (std::find(names.begin(), names.end(), *name) == names.end()) names.push_back(*name);
  }
  return names;
}

Result<Json> resources(const State& state, const Json& request) {
  const Json& asked = member(request, "resources");
  // Both properties have defaults, and their values were checked when they were set.
  int64_t cpus = std::stoll(property_value(state, "container.cpus").value_or("4"));
  auto fallback = parse_size(property_value(state, "container.memory").value_or("1g"));
  if (!fallback) return fail(std::move(fallback.error()).context("property container.memory"));
  int64_t memory = int64_t(*fallback);
  if (!member(asked, "cpus").is_null()) cpus = read_integer(asked, "cpus").value_or(0);
  if (!member(asked, "memoryInBytes").is_null())
    memory = read_integer(asked, "memoryInBytes").value_or(0);
  if (cpus < 1 || cpus > kMaximumCpus)
    return fail(Code::kInvalid,
                "the number of CPUs must be from 1 to " + std::to_string(kMaximumCpus));
  if (memory < kMinimumMemoryBytes)
    return fail(
        Code::kInvalid,
        "a memory of " + std::to_string(memory) + " bytes is too small for a virtual machine",
        "ask for at least 200M, for example --memory 256M");
  if (memory > kMaximumMemoryBytes)
    return fail(Code::kInvalid, "a virtual machine has at most 64T of memory");
  // cpuOverhead: virtual CPUs beyond the container's. Ours needs none, the guest's init sleeps.
  return Json{{"cpus", cpus}, {"memoryInBytes", memory}, {"cpuOverhead", 0}};
}

Result<Json> labels(const Json& request) {
  const Json& given = member(request, "labels");
  Json result = Json::object();
  if (given.is_null()) return result;
  if (!given.is_object()) return fail(Code::kInvalid, "labels must be an object of strings");
  for (const auto& [key, value] : given.items()) {
    if (key.empty() || !value.is_string())
      return fail(Code::kInvalid, "label \"" + key + "\" must be KEY=VALUE");
    result[key] = value;
  }
  return result;
}

bool is_address(const std::string& text) {
  unsigned char bytes[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

// Null means: no resolv.conf of ours.
Result<Json> dns(const State& state, const Json& request) {
  const Json& asked = member(request, "dns");
  if (read_flag(request, "noDns")) {
    if (!asked.is_null())
      return fail(Code::kInvalid, "--no-dns and other DNS options exclude each other");
    return Json(nullptr);
  }
  std::vector<std::string> nameservers = read_texts(asked, "nameservers");
  for (const std::string& server : nameservers)
    if (!is_address(server))
      return fail(Code::kInvalid, "the DNS server \"" + server + "\" is not an IP address");
  Json result = {{"nameservers", nameservers},
                 {"searchDomains", read_texts(asked, "searchDomains")},
                 {"options", read_texts(asked, "options")}};
  std::string domain = read_text(asked, "domain");
  if (domain.empty()) domain = property_value(state, "dns.domain").value_or("");
  if (!domain.empty()) result["domain"] = domain;
  return result;
}

Status runtime(const Json& request) {
  std::string name = read_text(request, "runtime", kDefaultRuntime);
  if (name == kDefaultRuntime || name == kRuntimePlugin) return {};
  return fail(
      Code::kNotFound, "there is no runtime plugin " + name,
      std::string("this host has ") + kRuntimePlugin + ", also known as " + kDefaultRuntime);
}

// The final list if flags were given; nothing otherwise, and the defaults apply at the start.
Status security_paths(const Json& request, Json& configuration) {
  struct Kind {
    const char* key;
    const char* what;
    const std::vector<std::string>& defaults;
  };
  const Kind kinds[] = {{"maskedPaths", "masked path", default_masked_paths()},
                        {"readonlyPaths", "read-only path", default_readonly_paths()}};
  for (const Kind& kind : kinds) {
    const Json& given = member(request, kind.key);
    if (given.is_null()) continue;
    auto paths = resolve_paths(kind.defaults, given, kind.what);
    if (!paths) return fail(std::move(paths.error()));
    configuration[kind.key] = *paths;
  }
  return {};
}

// What has no place in the reference's shape, and is there only if it was asked for.
Status extras(const Json& request, Json& configuration) {
  if (std::string kernel = read_text(request, "kernel"); !kernel.empty())
    configuration["kernel"] = kernel;
  if (auto arguments = read_texts(request, "kernelArgs"); !arguments.empty())
    configuration["kernelArgs"] = arguments;
  const Json& shm = member(request, "shmSize");
  if (shm.is_null()) return {};
  auto bytes = read_integer(request, "shmSize");
  if (!bytes || *bytes <= 0) return fail(Code::kInvalid, "the size of /dev/shm must be positive");
  configuration["shmSize"] = *bytes;
  return {};
}

Status networks(const State& state, const ConfigurationInput& input, Json& configuration) {
  auto networks = networks_of(state, input.id, input.request);
  if (!networks) return fail(std::move(networks.error()));
  auto ports = published_ports_of(input.request, !networks->empty());
  if (!ports) return fail(std::move(ports.error()));
  auto sockets = published_sockets_of(input.request);
  if (!sockets) return fail(std::move(sockets.error()));
  auto hosts = extra_hosts_of(input.request);
  if (!hosts) return fail(std::move(hosts.error()));
  configuration["networks"] = std::move(*networks);
  configuration["publishedPorts"] = std::move(*ports);
  configuration["publishedSockets"] = std::move(*sockets);
  if (!hosts->is_null()) configuration["hosts"] = std::move(*hosts);
  return {};
}

Status put_mounts(const State& state, const ConfigurationInput& input, Configuration& result) {
  auto mounts = build_mounts(
      state,
      {input.request, member(member(input.image_config, "config"), "Volumes"), input.fresh_name});
  if (!mounts) return fail(std::move(mounts.error()));
  result.value["mounts"] = std::move(mounts->list);
  result.volumes = std::move(mounts->missing);
  for (const Json& volume : result.volumes)
    if (!read_flag(volume, "anonymous"))
      result.warnings.push_back("there was no volume " + read_text(volume, "name") +
                                ": an empty one is made");
  return {};
}

Json image_part(const ImageState& image) {
  return {{"reference", image.reference.empty() ? image.digest : image.reference},
          {"descriptor", member(image.image, "descriptor")}};
}

// What can't fail.
Json plain_parts(const ConfigurationInput& input) {
  const Json& request = input.request;
  Json configuration = {{"id", input.id},
                        {"image", image_part(input.image)},
                        {"platform", input.platform},
                        {"creationDate", time_seconds(input.now_us)},
                        {"sysctls", Json::object()},
                        {"rosetta", false},
                        {"ssh", read_flag(request, "ssh")},
                        {"readOnly", read_flag(request, "readOnly")},
                        {"useInit", read_flag(request, "useInit")},
                        {"virtualization", read_flag(request, "virtualization")},
                        {"runtimeHandler", read_text(request, "runtime", kDefaultRuntime)}};
  std::string signal = read_text(member(input.image_config, "config"), "StopSignal");
  if (!signal.empty()) configuration["stopSignal"] = signal;
  return configuration;
}

}  // namespace

Result<Configuration> build_configuration(const State& state, const ConfigurationInput& input) {
  Configuration result;
  Json& configuration = result.value;
  configuration = plain_parts(input);

  auto process =
      init_process(member(input.request, "process"), member(input.image_config, "config"));
  if (!process) return fail(std::move(process.error()));
  configuration["initProcess"] = std::move(*process);

  // Each may refuse; none depends on another.
  auto put = [&](const char* key, Result<Json> part) -> Status {
    if (!part) return fail(std::move(part.error()));
    if (!part->is_null()) configuration[key] = std::move(*part);
    return {};
  };
  for (Status status :
       {put("resources", resources(state, input.request)), put("labels", labels(input.request)),
        put_mounts(state, input, result), put("capAdd", capabilities(input.request, "capAdd")),
        put("capDrop", capabilities(input.request, "capDrop")),
        put("dns", dns(state, input.request)), networks(state, input, configuration),
        security_paths(input.request, configuration), runtime(input.request),
        extras(input.request, configuration)})
    if (!status) return fail(std::move(status.error()));
  return result;
}

Result<const Json*> find_variant(const Json& image, const Json& platform) {
  Json complete = {{"os", "linux"}};
  if (platform.is_object()) complete.update(platform);
  auto wanted = Platform::from_json(complete);
  if (!wanted) return fail(std::move(wanted.error()));
  const Json* best = nullptr;
  int best_suits = 0;
  std::string available;
  for (const Json& variant : member(image, "variants")) {  // a null has no elements
    auto built = Platform::from_json(member(variant, "platform"));
    if (!built) continue;
    available += (available.empty() ? "" : ", ") + built->text();
    int suits = suitability(*built, *wanted);
    if (suits <= best_suits) continue;
    best = &variant;
    best_suits = suits;
  }
  if (best) return best;
  std::string name =
      read_text(image, "reference", read_text(member(image, "descriptor"), "digest"));
  return fail(Code::kNotFound,
              "image " + name + " has no content for platform " + wanted->text() +
                  "; available platforms: " + (available.empty() ? "none" : available));
}

}  // namespace bulkhead::model
