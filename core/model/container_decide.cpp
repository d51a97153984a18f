#include "model/container_decide.hpp"

#include <algorithm>

#include "model/facts.hpp"
#include "model/lease_decide.hpp"
#include "model/read_json.hpp"
#include "model/signals.hpp"
#include "model/volume_use.hpp"

namespace bulkhead::model {
namespace {

constexpr std::size_t kMaxName = 63;  // a DNS label, because the name is the host name

std::string quoted(const std::string& name) {
  return "\"" + name + "\"";
}

Result<const ContainerState*> existing(const State& state, const std::string& id) {
  const ContainerState* container = state.container(id);
  if (container == nullptr || !container->exists())
    return fail(Code::kNotFound, "container not found: " + id,
                "`container list --all` shows those that exist");
  return container;
}

Failure wrong_state(const ContainerState& container, std::string_view wanted,
                    std::string hint = {}) {
  return fail(Code::kConflict,
              "container " + container.id + " is " + std::string(lifecycle_name(container.state)) +
                  ", not " + std::string(wanted),
              std::move(hint));
}

Decision one(const std::string& id, const char* type, Json data, const Origin& origin) {
  Decision decision;
  decision.push_back(intent(stream_name("container", id), type, std::move(data), origin));
  return decision;
}

// An image that is on its way out can't be leant on: its bytes may be gone already.
Status check_stays(const State& state, const std::string& digest) {
  for (const auto& [op, operation] : state.operations) {
    if (operation.type != "image.delete" && operation.type != "image.prune") continue;
    std::vector<std::string> leaving = read_texts(operation.data, "delete");
    if (std::find(leaving.begin(), leaving.end(), digest) != leaving.end())
      return fail(Code::kConflict, "the image " + digest + " is being deleted",
                  "load it again, then create the container");
  }
  return {};
}

}  // namespace

Status check_container_name(const std::string& name) {
  auto letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  bool good = name.size() >= 2 && name.size() <= kMaxName && letter_or_digit(name[0]) &&
              std::all_of(name.begin(), name.end(), [&](char c) {
                return letter_or_digit(c) || c == '_' || c == '.' || c == '-';
              });
  if (good) return {};
  return fail(Code::kInvalid, quoted(name) + " is not a valid container name",
              "use 2 to 63 letters, digits, '_', '.' or '-', beginning with a letter or digit");
}

Result<Decision> decide_create(const State& state, const CreateContainer& command,
                               const Origin& origin) {
  if (auto good = check_container_name(command.id); !good) return fail(std::move(good.error()));
  if (const ContainerState* other = state.container(command.id))
    return fail(
        Code::kConflict,
        "a container named " + command.id + (other->exists() ? " exists" : " is being created"),
        "choose another name, or `container delete " + command.id + "` first");
  for (const std::string& digest : {command.image_digest, command.init_image_digest})
    if (auto good = check_stays(state, digest); !good) return fail(std::move(good.error()));
  auto leases = decide_leases(state, command.configuration);
  if (!leases) return fail(std::move(leases.error()));
  if (auto good = check_volumes_stay(state, command.configuration); !good)
    return fail(std::move(good.error()));
  Json data = {{"configuration", command.configuration},
               {"autoRemove", command.auto_remove},
               {"imageDigest", command.image_digest}};
  if (!command.init_image_digest.empty()) data["initImageDigest"] = command.init_image_digest;
  for (const Lease& lease : *leases) data["leases"].push_back(lease_json(lease));
  if (!command.volumes.empty()) data["volumes"] = command.volumes;
  return one(command.id, "container.create", std::move(data), origin);
}

Result<Decision> decide_start(const State& state, const StartContainer& command,
                              const Origin& origin) {
  auto container = existing(state, command.id);
  if (!container) return fail(std::move(container.error()));
  const ContainerState& c = **container;
  switch (c.state) {
    case Lifecycle::kStarting:
    case Lifecycle::kRunning:
      if (!command.attach) return Decision{};
      return fail(Code::kConflict,
                  "attach is currently unsupported on already running containers: " + c.id,
                  "`container logs --follow " + c.id + "` shows its output");
    case Lifecycle::kCreated:
    case Lifecycle::kStopped:
      if (auto good = check_volumes_free(state, c); !good) return fail(std::move(good.error()));
      return one(c.id, "container.start", {{"run", c.runs + 1}, {"attach", command.attach}},
                 origin);
    default:
      return wrong_state(c, "stopped");
  }
}

Result<Decision> decide_stop(const State& state, const StopContainer& command,
                             const Origin& origin) {
  auto container = existing(state, command.id);
  if (!container) return fail(std::move(container.error()));
  const ContainerState& c = **container;
  int signal = command.signal.value_or(stop_signal(c));
  if (signal < 1 || signal > 64)
    return fail(Code::kInvalid, std::to_string(signal) + " is not a signal");
  if (command.timeout_seconds < 0)
    return fail(Code::kInvalid, "the time to wait can't be negative");
  if (c.state == Lifecycle::kStopping || c.state == Lifecycle::kDeleting || !c.up())
    return Decision{};
  return one(c.id, "container.stop",
             {{"signal", signal}, {"timeoutSeconds", command.timeout_seconds}}, origin);
}

Result<Decision> decide_kill(const State& state, const KillContainer& command,
                             const Origin& origin) {
  auto container = existing(state, command.id);
  if (!container) return fail(std::move(container.error()));
  const ContainerState& c = **container;
  if (command.signal < 1 || command.signal > 64)
    return fail(Code::kInvalid, std::to_string(command.signal) + " is not a signal");
  if (!c.up() || c.start_op != 0)
    return fail(Code::kConflict, "container " + c.id + " is not running");
  return one(c.id, "container.kill", {{"signal", command.signal}}, origin);
}

Result<Decision> decide_exec(const State& state, const ExecInContainer& command,
                             const Origin& origin) {
  auto container = existing(state, command.id);
  if (!container) return fail(std::move(container.error()));
  const ContainerState& c = **container;
  if (c.state != Lifecycle::kRunning)
    return fail(Code::kConflict, "container " + c.id + " is not running",
                c.up() ? "" : "`container start " + c.id + "` starts it");
  if (read_texts(command.process, "arguments").empty())
    return fail(Code::kInvalid, "no command given to run in container " + c.id);
  if (command.exec.empty() || command.exec == "init" || c.execs.count(command.exec))
    return fail(Code::kConflict, "container " + c.id + " has a process " + quoted(command.exec));
  return one(c.id, "container.exec",
             {{"exec", command.exec}, {"process", command.process}, {"detach", command.detach}},
             origin);
}

Result<Decision> decide_delete(const State& state, const DeleteContainer& command,
                               const Origin& origin) {
  auto container = existing(state, command.id);
  if (!container) return fail(std::move(container.error()));
  const ContainerState& c = **container;
  if (c.state == Lifecycle::kDeleting) return Decision{};
  if (c.up() && !command.force)
    return wrong_state(c, "stopped",
                       "`container stop " + c.id + "` first, or delete it with --force");
  return one(c.id, "container.delete", {{"force", command.force}, {"reason", command.reason}},
             origin);
}

std::vector<std::string> prunable_containers(const State& state) {
  std::vector<std::string> ids;
  for (const auto& [id, container] : state.containers)
    if (container.state == Lifecycle::kCreated || container.state == Lifecycle::kStopped)
      ids.push_back(id);
  return ids;
}

int stop_signal(const ContainerState& container) {
  std::string name = read_text(container.configuration, "stopSignal");
  if (!name.empty())
    if (auto number = parse_signal(name)) return *number;
  return 15;
}

}  // namespace bulkhead::model
