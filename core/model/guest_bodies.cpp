#include "model/guest_bodies.hpp"

#include <algorithm>

#include "bulkhead/size.hpp"
#include "model/capabilities.hpp"
#include "model/oci_defaults.hpp"
#include "model/process_configuration.hpp"
#include "model/property_decide.hpp"
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
  text += (network.address.empty() ? "127.0.1.1" : network.address) + " " + name + "\n";
  for (const Json& host : member(configuration, "hosts")) {
    std::string address = read_text(host, "address");
    if (address == "host-gateway") address = network.gateway;
    if (!address.empty()) text += address + " " + read_text(host, "name") + "\n";
  }
  // Last, so that what was asked for wins; and here, because the resolver may not be ours.
  if (!network.gateway.empty()) text += network.gateway + " host.container.internal\n";
  return text;
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
  std::vector<std::string> environment = read_texts(process, "environment");
  if (read_flag(configuration, "ssh"))
    environment.push_back(std::string("SSH_AUTH_SOCK=") + kGuestSshSocket);
  const Json& groups = member(process, "supplementalGroups");
  return {{"args", args},
          {"env", environment},
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

bool is_disposable(const ContainerState& container, const Json& machine) {
  return container.auto_remove && member(machine, "disks").empty() &&
         member(machine, "shares").empty() && member(machine, "sockets").empty() &&
         member(container.configuration, "publishedPorts").empty();
}

Json usual_machine(const State& state, const MachineHost& host) {
  const auto memory = parse_size(property_value(state, "container.memory").value_or("1g"));
  return {{"accelerator", host.accelerator},
          {"cpus", std::stoll(property_value(state, "container.cpus").value_or("4"))},
          {"memoryBytes", memory ? static_cast<int64_t>(*memory) : int64_t{1} << 30},
          {"kernel", host.kernel},
          {"initramfs", host.initramfs}};
}

GuestNetwork guest_network(const State& state, const ContainerState& container) {
  GuestNetwork result;
  std::vector<std::string> inner;
  for (const Lease& lease : container.leases) {
    auto found = state.networks.find(lease.network);
    if (found == state.networks.end()) continue;
    const NetworkState& network = found->second;
    std::string gateway = address4_text(network.subnet.gateway());
    Json interface = {{"mac", lease.mac},
                      {"ipv4", lease.ipv4 + "/" + std::to_string(network.subnet.prefix)},
                      {"ipv6", lease.ipv6 + "/" + std::to_string(network.subnet_v6.prefix)},
                      {"mtu", lease.mtu}};
    if (!network.internal) {
      interface["gateway"] = gateway;
      interface["gatewayV6"] = network.subnet_v6.address(1);
    }
    if (result.interfaces.is_null()) {
      result.interfaces = Json::array();
      result.address = lease.ipv4;
      result.gateway = gateway;
    }
    result.interfaces.push_back(std::move(interface));
    (network.internal ? inner : result.nameservers).push_back(gateway);
  }
  result.nameservers.insert(result.nameservers.end(), inner.begin(), inner.end());
  return result;
}

Json machine_networks(const ContainerState& container) {
  Json networks = Json::array();
  for (const Lease& lease : container.leases)
    networks.push_back({{"network", lease.network}, {"mac", lease.mac}});
  return networks;
}

Json guest_request(const Json& configuration, const GuestNetwork& network) {
  const Json& resources = member(configuration, "resources");
  Json request = {
      {"readOnlyRoot", read_flag(configuration, "readOnly")},
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
  if (!network.interfaces.is_null()) request["networks"] = network.interfaces;
  return request;
}

Json machine_sockets(const Json& configuration, const std::string& ssh_socket) {
  Json sockets = Json::array();
  if (read_flag(configuration, "ssh") && !ssh_socket.empty())
    sockets.push_back({{"direction", "to-host"}, {"guest", kGuestSshSocket}, {"host", ssh_socket}});
  for (const Json& socket : member(configuration, "publishedSockets"))
    sockets.push_back({{"direction", "to-guest"},
                       {"host", read_text(socket, "hostPath")},
                       {"guest", read_text(socket, "containerPath")}});
  return sockets;
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
