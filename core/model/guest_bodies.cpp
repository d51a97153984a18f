#include "model/guest_bodies.hpp"

#include <algorithm>

#include "model/capabilities.hpp"
#include "model/oci_defaults.hpp"
#include "model/process_configuration.hpp"
#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

// The guest's "name-or-uid[:group-or-gid]" from either form of a configuration's user.
std::string user_text(const Json& user) {
  const Json& raw = member(user, "raw");
  if (raw.is_object()) return read_text(raw, "userString");
  const Json& id = member(user, "id");
  return std::to_string(read_integer(id, "uid").value_or(0)) + ":" +
         std::to_string(read_integer(id, "gid").value_or(0));
}

Json paths_or(const Json& configuration, const char* key,
              const std::vector<std::string>& fallback) {
  return member(configuration, key).is_array() ? Json(read_texts(configuration, key))
                                               : Json(fallback);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += " " + word;
  return text;
}

// In the order of the reference: nameserver, domain, search, options. Null without "dns".
Json resolv_conf(const Json& configuration, const GuestNetwork& network) {
  const Json& dns = member(configuration, "dns");
  if (!dns.is_object()) return nullptr;
  std::vector<std::string> nameservers = read_texts(dns, "nameservers");
  if (nameservers.empty()) nameservers = network.nameservers;
  std::string text;
  for (const std::string& server : nameservers) text += "nameserver " + server + "\n";
  std::string domain = read_text(dns, "domain", network.domain);
  if (!domain.empty()) text += "domain " + domain + "\n";
  if (auto search = read_texts(dns, "searchDomains"); !search.empty())
    text += "search" + joined(search) + "\n";
  if (auto options = read_texts(dns, "options"); !options.empty())
    text += "options" + joined(options) + "\n";
  return text;
}

std::string hosts(const Json& configuration, const GuestNetwork& network) {
  std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  std::string name = read_text(configuration, "id");
  return text + (network.address.empty() ? "127.0.1.1" : network.address) + " " + name + "\n";
}

Json sysctls(const Json& configuration) {
  // What a database or a JVM needs and no image can set for itself.
  Json values = {{"vm.overcommit_memory", "1"}, {"vm.max_map_count", "262144"}};
  const Json& own = member(configuration, "sysctls");
  if (own.is_object()) values.update(own);
  return values;
}

// Process of METHODS.md from the configuration's shape of one.
Json body(const Json& configuration, const Json& process) {
  std::vector<std::string> args = {read_text(process, "executable")};
  for (const std::string& word : read_texts(process, "arguments")) args.push_back(word);
  Json limits = Json::array();
  for (const Json& limit : member(process, "rlimits"))
    limits.push_back({{"type", read_text(limit, "limit")},
                      {"soft", read_integer(limit, "soft").value_or(-1)},
                      {"hard", read_integer(limit, "hard").value_or(-1)}});
  const Json& groups = member(process, "supplementalGroups");
  return {{"args", args},
          {"env", read_texts(process, "environment")},
          {"cwd", read_text(process, "workingDirectory", "/")},
          {"terminal", read_flag(process, "terminal")},
          {"user", user_text(member(process, "user"))},
          {"supplementalGroups", groups.is_array() ? groups : Json::array()},
          {"capabilities", effective_capabilities(read_texts(configuration, "capAdd"),
                                                  read_texts(configuration, "capDrop"))},
          {"rlimits", limits},
          {"noNewPrivileges", false}};
}

}  // namespace

Json machine_request(const ContainerState& container, const MachineHost& host) {
  const Json& configuration = container.configuration;
  const Json& resources = member(configuration, "resources");
  Json machine = {{"accelerator", host.accelerator},
                  {"cpus", read_integer(resources, "cpus").value_or(1)},
                  {"memoryBytes", read_integer(resources, "memoryInBytes").value_or(1LL << 30)},
                  {"kernel", read_text(configuration, "kernel", host.kernel)},
                  {"initramfs", host.initramfs},
                  {"imageDisk", container.image_disk},
                  {"writableDisk", container.writable_disk}};
  if (!container.init_disk.empty()) machine["initDisk"] = container.init_disk;
  if (auto arguments = read_texts(configuration, "kernelArgs"); !arguments.empty())
    machine["kernelArgs"] = arguments;
  if (read_flag(configuration, "virtualization")) machine["virtualization"] = true;
  return machine;
}

Json guest_request(const Json& configuration, const GuestNetwork& network) {
  const Json& resources = member(configuration, "resources");
  return {{"readOnlyRoot", read_flag(configuration, "readOnly")},
          {"useInit", read_flag(configuration, "useInit")},
          {"shmBytes", read_integer(configuration, "shmSize").value_or(kDefaultShmBytes)},
          {"maskedPaths", paths_or(configuration, "maskedPaths", default_masked_paths())},
          {"readonlyPaths", paths_or(configuration, "readonlyPaths", default_readonly_paths())},
          {"tmpfs", Json::array()},  // they are among the mounts (mount_bodies.hpp), for the order
          {"sysctls", sysctls(configuration)},
          {"resolvConf", resolv_conf(configuration, network)},
          {"hosts", hosts(configuration, network)},
          {"cpus", read_integer(resources, "cpus").value_or(1)},
          {"memoryBytes", read_integer(resources, "memoryInBytes").value_or(1LL << 30)}};
}

Json process_request(const Json& configuration) {
  return body(configuration, member(configuration, "initProcess"));
}

Result<Json> exec_process_request(const Json& configuration, const Json& process) {
  auto merged = exec_process(process, member(configuration, "initProcess"));
  if (!merged) return fail(std::move(merged.error()));
  Json request = body(configuration, *merged);
  if (member(process, "size").is_object()) request["size"] = process["size"];
  return request;
}

}  // namespace bulkhead::model
