// What happened to a container. Its lifecycle state isn't assigned event by event but derived
// (settle) from what is known: which run came up, which ended, which operations are open. So a late
// or repeated event can't leave it between two states.
#include <algorithm>
#include <array>

#include "model/aggregates.hpp"
#include "model/mounts.hpp"
#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

constexpr std::array<std::string_view, 7> kLifecycleNames = {
    "creating", "created", "starting", "running", "stopping", "stopped", "deleting"};

void create(State& state, const Event& event) {
  ContainerState container;
  container.id = event.key();
  container.configuration = member(event.data, "configuration");
  container.auto_remove = read_flag(event.data, "autoRemove");
  container.image_digest = read_text(event.data, "imageDigest");
  container.init_image_digest = read_text(event.data, "initImageDigest");
  for (const Json& given : member(event.data, "leases")) {
    Lease lease = lease_from(given);
    if (lease.network.empty()) continue;
    if (auto network = state.networks.find(lease.network); network != state.networks.end())
      network->second.last_lease = lease.ipv4;
    container.leases.push_back(std::move(lease));
  }
  container.created_seq = event.seq;
  container.created_at_us = event.at_us;
  container.create_op = event.seq;
  container.ver = event.ver;
  // A second create of a name that lives is not something decide() makes; history keeps the first.
  state.containers.emplace(container.id, std::move(container));
}

void created(State& state, ContainerState& container, const Event& event, bool ok) {
  if (event.op != container.create_op) return;
  if (!ok) {
    state.containers.erase(container.id);
    return;
  }
  container.create_op = 0;
  container.manifest = read_text(event.data, "manifest");
  container.image_disk = read_text(event.data, "imageDisk");
  container.writable_disk = read_text(event.data, "writableDisk");
  container.init_disk = read_text(event.data, "initDisk");
  put_volume_sources(container.configuration, member(event.data, "volumes"));
}

void start(ContainerState& container, const Event& event) {
  container.runs = std::max(container.runs + 1, read_integer(event.data, "run").value_or(0));
  container.start_op = event.seq;
}

// One entry for each place in the container: {"destination", "transport", "reason"?}.
Json mounts_in_use(const Json& shares) {
  Json list = Json::array();
  for (const Json& share : shares)
    for (const std::string& destination : read_texts(share, "destinations")) {
      Json mount = {{"destination", destination}, {"transport", read_text(share, "transport")}};
      if (std::string why = read_text(share, "reason"); !why.empty()) mount["reason"] = why;
      list.push_back(std::move(mount));
    }
  return list;
}

void started(State& state, ContainerState& container, const Event& event, bool ok) {
  if (auto used = state.templates.find(read_text(event.data, "template"));
      used != state.templates.end())
    used->second.used_at_us = event.at_us;
  if (event.op != container.start_op) return;
  container.start_op = 0;
  if (!ok) {
    container.host.reset();
    return;
  }
  container.started_run = container.runs;
  container.started_at_us = event.at_us;
  container.accelerator = read_text(event.data, "accelerator");
  container.mounts = mounts_in_use(member(event.data, "shares"));
  // The process's end may have come first, and the VM's: then there is no host any more.
  if (container.exited_run == container.runs) return;
  container.pid = read_integer(event.data, "pid").value_or(0);
  auto pid = read_integer(event.data, "hostPid");
  if (pid && !(container.host && container.host->pid == *pid))
    container.host = RuntimeHost{*pid, read_text(event.data, "hostSocket")};
}

void exited(ContainerState& container, const Event& event) {
  // The host's loss says how a run ended only if the run itself hasn't.
  bool lost = read_text(event.data, "reason") == "host-lost";
  if (lost) container.host.reset();
  if (lost && container.exited_run == container.runs) return;
  container.exited_run = container.runs;
  container.exited_at_us = read_integer(event.data, "at").value_or(event.at_us);
  container.exit_code = read_small(event.data, "exitCode");
  container.signal = read_small(event.data, "signal");
  container.oom_killed = read_flag(event.data, "oomKilled");
  container.exit_reason = read_text(event.data, "reason", "exited");
  container.pid = 0;
  container.execs.clear();
  container.stop_op = 0;  // it has what it wanted; its outcome must not touch a later run
}

// The outcome of a stop: container.exited came before it, unless nobody was there any more to send
// it.
void stopped(ContainerState& container, const Event& event, bool ok) {
  if (event.op != container.stop_op) return;
  container.stop_op = 0;
  if (!ok || !container.up() || container.start_op != 0) return;
  container.exited_run = container.runs;
  container.exited_at_us = event.at_us;
  container.exit_code = read_small(event.data, "exitCode");
  container.exit_reason = "exited";
  container.pid = 0;
  container.execs.clear();
}

void exec(ContainerState& container, const Event& event) {
  std::string id = read_text(event.data, "exec");
  if (id.empty()) return;
  container.execs.insert_or_assign(id, Exec{event.seq, member(event.data, "process"), false});
}

void exec_started(ContainerState& container, const Event& event, bool ok) {
  auto found = std::find_if(container.execs.begin(), container.execs.end(),
                            [&](const auto& entry) { return entry.second.op == event.op; });
  if (found == container.execs.end()) return;
  if (ok)
    found->second.running = true;
  else
    container.execs.erase(found);
}

void take_intent(State& state, ContainerState* container, const Event& event) {
  if (event.type == "container.create") return create(state, event);
  if (container == nullptr) return;
  if (event.type == "container.start") start(*container, event);
  if (event.type == "container.stop") container->stop_op = event.seq;
  if (event.type == "container.delete") container->delete_op = event.seq;
  if (event.type == "container.exec") exec(*container, event);
}

void take_outcome(State& state, ContainerState& container, const Event& event) {
  bool ok = read_flag(event.data, "ok");
  if (event.type == "container.start") started(state, container, event, ok);
  if (event.type == "container.stop") stopped(container, event, ok);
  if (event.type == "container.exec") exec_started(container, event, ok);
  if (event.type == "container.create") return created(state, container, event, ok);
  if (event.type == "container.delete" && event.op == container.delete_op) {
    container.delete_op = 0;
    if (ok) state.containers.erase(container.id);  // the reference ends here
  }
}

void take_fact(ContainerState& container, const Event& event) {
  if (event.type == "container.host-started") {
    container.host = RuntimeHost{read_integer(event.data, "hostPid").value_or(0),
                                 read_text(event.data, "hostSocket"),
                                 read_integer(event.data, "hostStartTime").value_or(0)};
    container.last_report = 0;  // each host counts from 1
  }
  if (event.type == "container.exited") exited(container, event);
  if (event.type == "container.vm-stopped") container.host.reset();
  if (event.type == "container.exec-exited") container.execs.erase(read_text(event.data, "exec"));
  container.last_report =
      std::max(container.last_report, read_integer(event.data, "report").value_or(0));
}

}  // namespace

std::string_view lifecycle_name(Lifecycle state) {
  return kLifecycleNames[size_t(state)];
}

std::optional<Lifecycle> lifecycle_from_name(std::string_view name) {
  for (size_t i = 0; i < kLifecycleNames.size(); i++)
    if (kLifecycleNames[i] == name) return Lifecycle(i);
  return std::nullopt;
}

Lifecycle ContainerState::resting() const {
  if (runs > 0 && exited_run == runs) return Lifecycle::kStopped;
  if (start_op != 0) return Lifecycle::kStarting;
  if (runs > 0 && started_run == runs) return Lifecycle::kRunning;
  // Never started, or the last start failed: as before it.
  return started_run > 0 || exited_run > 0 ? Lifecycle::kStopped : Lifecycle::kCreated;
}

void ContainerState::settle() {
  state = resting();
  if (stop_op != 0 && up()) state = Lifecycle::kStopping;
  if (delete_op != 0) state = Lifecycle::kDeleting;
  if (create_op != 0) state = Lifecycle::kCreating;
}

void evolve_container(State& state, const Event& event) {
  auto found = state.containers.find(event.key());
  ContainerState* container = found == state.containers.end() ? nullptr : &found->second;
  if (event.phase == Phase::kIntent) take_intent(state, container, event);
  if (container == nullptr) return;
  if (event.phase == Phase::kOutcome) take_outcome(state, *container, event);
  if (event.phase == Phase::kFact) take_fact(*container, event);

  found = state.containers.find(event.key());  // it may be gone
  if (found == state.containers.end()) return;
  found->second.ver = event.ver;
  found->second.settle();
}

}  // namespace bulkhead::model
