#include "model/snapshot.hpp"

#include "model/read_json.hpp"
#include "model/template_shape.hpp"
#include "model/volume_snapshot.hpp"

namespace bulkhead::model {
namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

int64_t number(const Json& json, const char* key) {
  return read_integer(json, key).value_or(0);
}

Json execs_snapshot(const std::map<std::string, Exec>& execs) {
  Json json = Json::object();
  for (const auto& [id, exec] : execs)
    json[id] = {{"op", exec.op}, {"process", exec.process}, {"running", exec.running}};
  return json;
}

void execs_from(const Json& json, std::map<std::string, Exec>& execs) {
  if (!json.is_object()) return;
  for (const auto& [id, exec] : json.items())
    execs[id] = Exec{number(exec, "op"), member(exec, "process"), read_flag(exec, "running")};
}

Json operation_snapshot(const Operation& operation) {
  return {{"op", operation.op},     {"stream", operation.stream}, {"type", operation.type},
          {"root", operation.root}, {"at", operation.at_us},      {"actor", operation.actor},
          {"data", operation.data}};
}

Operation operation_from(const Json& json) {
  Operation operation;
  operation.op = number(json, "op");
  operation.stream = read_text(json, "stream");
  operation.type = read_text(json, "type");
  operation.root = number(json, "root");
  operation.at_us = number(json, "at");
  operation.actor = member(json, "actor");
  operation.data = member(json, "data");
  return operation;
}

Json host_snapshot(const RuntimeHost& host) {
  Json json = {{"pid", host.pid}, {"socket", host.socket}};
  if (host.start_time != 0) json["startTime"] = host.start_time;
  return json;
}

std::optional<RuntimeHost> host_from(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  return RuntimeHost{number(json, "pid"), read_text(json, "socket"), number(json, "startTime")};
}

Json network_snapshot(const NetworkState& network) {
  Json json = {{"createdAt", network.created_at_us},
               {"subnet", network.subnet.text()},
               {"subnetV6", network.subnet_v6.text()},
               {"internal", network.internal},
               {"plugin", network.plugin},
               {"labels", network.labels},
               {"options", network.options},
               {"lastLease", network.last_lease},
               {"tap", network.tap}};
  if (!network.no_tap.empty()) json["noTap"] = network.no_tap;
  if (network.host) json["host"] = host_snapshot(*network.host);
  return json;
}

NetworkState network_from(const std::string& name, const Json& json) {
  NetworkState network;
  network.name = name;
  network.created_at_us = number(json, "createdAt");
  if (auto subnet = parse_subnet4(read_text(json, "subnet"))) network.subnet = *subnet;
  if (auto subnet = parse_subnet6(read_text(json, "subnetV6"))) network.subnet_v6 = *subnet;
  network.internal = read_flag(json, "internal");
  network.plugin = read_text(json, "plugin");
  network.labels = member(json, "labels");
  network.options = member(json, "options");
  network.last_lease = read_text(json, "lastLease");
  network.tap = read_text(json, "tap");
  network.no_tap = read_text(json, "noTap");
  network.host = host_from(member(json, "host"));
  return network;
}

Json plugin_snapshot(const PluginState& plugin) {
  return {{"pid", plugin.pid},
          {"version", plugin.version},
          {"capabilities", plugin.capabilities},
          {"running", plugin.running},
          {"reason", plugin.reason}};
}

Json daemon_snapshot(const DaemonInfo& daemon) {
  return {
      {"version", daemon.version},         {"commit", daemon.commit},  {"bootId", daemon.boot_id},
      {"dataRoot", daemon.data_root},      {"pid", daemon.pid},        {"uid", daemon.uid},
      {"startedAt", daemon.started_at_us}, {"running", daemon.running}};
}

void daemon_from(const Json& json, DaemonInfo& daemon) {
  daemon.version = read_text(json, "version");
  daemon.commit = read_text(json, "commit");
  daemon.boot_id = read_text(json, "bootId");
  daemon.data_root = read_text(json, "dataRoot");
  daemon.pid = number(json, "pid");
  daemon.uid = number(json, "uid");
  daemon.started_at_us = number(json, "startedAt");
  daemon.running = read_flag(json, "running");
}

}  // namespace

Json container_snapshot(const ContainerState& c) {
  Json json = {{"id", c.id},
               {"configuration", c.configuration},
               {"autoRemove", c.auto_remove},
               {"createdSeq", c.created_seq},
               {"createdAt", c.created_at_us},
               {"createOp", c.create_op},
               {"startOp", c.start_op},
               {"stopOp", c.stop_op},
               {"deleteOp", c.delete_op},
               {"imageDigest", c.image_digest},
               {"manifest", c.manifest},
               {"imageDisk", c.image_disk},
               {"writableDisk", c.writable_disk},
               {"runs", c.runs},
               {"startedRun", c.started_run},
               {"exitedRun", c.exited_run},
               {"startedAt", or_null(c.started_at_us)},
               {"exitedAt", or_null(c.exited_at_us)},
               {"exitCode", or_null(c.exit_code)},
               {"signal", or_null(c.signal)},
               {"oomKilled", c.oom_killed},
               {"exitReason", c.exit_reason},
               {"pid", c.pid},
               {"accelerator", c.accelerator},
               {"execs", execs_snapshot(c.execs)},
               {"lastReport", c.last_report},
               {"ver", c.ver}};
  if (!c.init_image_digest.empty()) {
    json["initImageDigest"] = c.init_image_digest;
    json["initDisk"] = c.init_disk;
  }
  for (const Lease& lease : c.leases) json["leases"].push_back(lease_json(lease));
  if (c.host) json["host"] = host_snapshot(*c.host);
  if (!c.mounts.empty()) json["mounts"] = c.mounts;
  return json;
}

std::optional<ContainerState> container_from_snapshot(const Json& json) {
  ContainerState c;
  c.id = read_text(json, "id");
  if (c.id.empty()) return std::nullopt;
  c.configuration = member(json, "configuration");
  c.auto_remove = read_flag(json, "autoRemove");
  c.created_seq = number(json, "createdSeq");
  c.created_at_us = number(json, "createdAt");
  c.create_op = number(json, "createOp");
  c.start_op = number(json, "startOp");
  c.stop_op = number(json, "stopOp");
  c.delete_op = number(json, "deleteOp");
  c.image_digest = read_text(json, "imageDigest");
  c.init_image_digest = read_text(json, "initImageDigest");
  c.init_disk = read_text(json, "initDisk");
  c.manifest = read_text(json, "manifest");
  c.image_disk = read_text(json, "imageDisk");
  c.writable_disk = read_text(json, "writableDisk");
  c.runs = number(json, "runs");
  c.started_run = number(json, "startedRun");
  c.exited_run = number(json, "exitedRun");
  c.started_at_us = read_integer(json, "startedAt");
  c.exited_at_us = read_integer(json, "exitedAt");
  c.exit_code = read_small(json, "exitCode");
  c.signal = read_small(json, "signal");
  c.oom_killed = read_flag(json, "oomKilled");
  c.exit_reason = read_text(json, "exitReason");
  c.pid = number(json, "pid");
  c.accelerator = read_text(json, "accelerator");
  execs_from(member(json, "execs"), c.execs);
  c.last_report = number(json, "lastReport");
  c.ver = number(json, "ver");
  for (const Json& lease : member(json, "leases")) c.leases.push_back(lease_from(lease));
  c.host = host_from(member(json, "host"));
  if (const Json& mounts = member(json, "mounts"); mounts.is_array()) c.mounts = mounts;
  c.settle();
  return c;
}

Json image_snapshot(const ImageState& image) {
  return {{"reference", image.reference},
          {"digest", image.digest},
          {"image", image.image},
          {"taggedAt", image.tagged_at_us}};
}

std::optional<ImageState> image_from_snapshot(const Json& json) {
  ImageState image;
  image.reference = read_text(json, "reference");
  image.digest = read_text(json, "digest");
  if (image.digest.empty()) return std::nullopt;
  image.image = member(json, "image");
  image.tagged_at_us = number(json, "taggedAt");
  return image;
}

Json rest_snapshot(const State& state) {
  Json json = {{"at", state.at_us},
               {"journal", state.journal},
               {"daemon", daemon_snapshot(state.daemon)},
               {"stalled", state.stalled},
               {"domains", state.domains},
               {"networks", Json::object()},
               {"volumes", Json::array()},
               {"kernels", Json::object()},
               {"plugins", Json::object()},
               {"templates", Json::object()},
               {"operations", Json::array()}};
  for (const auto& [name, volume] : state.volumes)
    json["volumes"].push_back(volume_snapshot(volume));
  for (const auto& [architecture, kernel] : state.kernels)
    json["kernels"][architecture] = {{"path", kernel.path},
                                     {"digest", kernel.digest},
                                     {"name", kernel.name},
                                     {"source", kernel.source}};
  for (const auto& [name, network] : state.networks)
    json["networks"][name] = network_snapshot(network);
  for (const auto& [id, plugin] : state.plugins) json["plugins"][id] = plugin_snapshot(plugin);
  for (const auto& [key, saved] : state.templates)
    json["templates"][key] = template_snapshot(saved);
  for (const auto& [op, operation] : state.operations)
    json["operations"].push_back(operation_snapshot(operation));
  if (state.accelerator)
    json["accelerator"] = {{"usable", state.accelerator->usable},
                           {"reason", state.accelerator->reason},
                           {"qemuVersion", state.accelerator->qemu_version},
                           {"bootId", state.accelerator->boot_id}};
  return json;
}

bool rest_from_snapshot(State& state, const Json& json) {
  if (!json.is_object()) return false;
  state.at_us = number(json, "at");
  state.journal = read_text(json, "journal");
  daemon_from(member(json, "daemon"), state.daemon);
  for (const auto& [domain, localhost] : member(json, "domains").items())
    if (localhost.is_string()) state.domains[domain] = localhost.get<std::string>();
  for (const auto& [name, network] : member(json, "networks").items())
    state.networks[name] = network_from(name, network);
  for (const Json& row : member(json, "volumes"))
    if (auto volume = volume_from_snapshot(row)) state.volumes[volume->name] = std::move(*volume);
  for (const auto& [architecture, kernel] : member(json, "kernels").items())
    state.kernels[architecture] = Kernel{read_text(kernel, "path"), read_text(kernel, "digest"),
                                         read_text(kernel, "name"), read_text(kernel, "source")};
  for (const auto& [id, plugin] : member(json, "plugins").items())
    state.plugins[id] = PluginState{number(plugin, "pid"), read_text(plugin, "version"),
                                    member(plugin, "capabilities"), read_flag(plugin, "running"),
                                    read_text(plugin, "reason")};
  for (const auto& [key, saved] : member(json, "templates").items())
    state.templates[key] = template_from_snapshot(saved);
  for (const Json& operation : member(json, "operations"))
    state.operations[number(operation, "op")] = operation_from(operation);
  for (const auto& [stream, why] : member(json, "stalled").items())
    if (why.is_string()) state.stalled[stream] = why.get<std::string>();
  if (const Json& verdict = member(json, "accelerator"); verdict.is_object())
    state.accelerator =
        Accelerator{read_flag(verdict, "usable"), read_text(verdict, "reason"),
                    read_text(verdict, "qemuVersion"), read_text(verdict, "bootId")};
  return true;
}

}  // namespace bulkhead::model
