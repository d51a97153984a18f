// Container commands against the state. Pure: the same state and command give the same events. An
// empty decision means that it is so already (start of a running container, stop of a stopped one);
// an error is the sentence that the user reads.
//
// Ids are exact here; prefixes are resolved before (views.hpp, find_container).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// ^[a-zA-Z0-9][a-zA-Z0-9_.-]+$ and at most 63 characters: it is also the host name.
Status check_container_name(const std::string& name);

struct CreateContainer {
  std::string id;
  Json configuration;  // from build_configuration()
  bool auto_remove = false;
  std::string image_digest;
  std::string init_image_digest = {};  // "": none
  Json volumes = Json::array();        // Mounts::missing: they are made on the way
};
// Its leases are decided with it, from configuration.networks, and stand in the intent.
Result<Decision> decide_create(const State& state, const CreateContainer& command,
                               const Origin& origin);

struct StartContainer {
  std::string id;
  bool attach =
      false;  // a running container can't be attached to: conflict instead of "already so"
};
// Already running or starting: empty. The VM of the last run may still be shutting down (host is
// set): the intent's carrier waits for that first, its disk is in use until then.
Result<Decision> decide_start(const State& state, const StartContainer& command,
                              const Origin& origin);

struct StopContainer {
  std::string id;
  std::optional<int> signal;  // default: the image's STOPSIGNAL, else SIGTERM
  int64_t timeout_seconds = 5;
};
// Stopped or never started: empty. Already stopping: empty too; the caller waits for the stop that
// is under way (stop_op), or for the deletion that is. A container that is still starting gets its
// intent; the carrier waits or cancels.
Result<Decision> decide_stop(const State& state, const StopContainer& command,
                             const Origin& origin);

struct KillContainer {
  std::string id;
  int signal = 9;
};
Result<Decision> decide_kill(const State& state, const KillContainer& command,
                             const Origin& origin);

struct ExecInContainer {
  std::string id;
  std::string exec;  // unique within the container, chosen by the caller
  Json process;      // ContainerRequest.process of docs/reference/api.md
  bool detach = false;
};
Result<Decision> decide_exec(const State& state, const ExecInContainer& command,
                             const Origin& origin);

struct DeleteContainer {
  std::string id;
  bool force = false;
  std::string reason = "requested";  // "requested", "auto-remove", "prune", "create-failed"
};
// Being deleted already: empty; the caller waits for that. With force a running container gets one
// intent: its carrier kills first and deletes then.
Result<Decision> decide_delete(const State& state, const DeleteContainer& command,
                               const Origin& origin);

// The containers that `prune` would delete: created or stopped ones.
std::vector<std::string> prunable_containers(const State& state);

// The signal that stops this container unless another is asked for.
int stop_signal(const ContainerState& container);

}  // namespace bulkhead::model
