// Volume commands against the state. Pure, as container_decide.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// ^[A-Za-z0-9][A-Za-z0-9_.-]*$ and at most 255 characters.
Status check_volume_name(const std::string& name);

struct CreateVolume {
  std::string name;
  Json labels = Json::object();
  Json options = Json::object();                // "size", "journal" ("mode[:size]"), "shared"
  std::optional<int64_t> bytes = std::nullopt;  // wins over the option
  std::string container = {};                   // made because this one mounts it
};
Result<Decision> decide_volume_create(const State& state, const CreateVolume& command,
                                      const Origin& origin);

struct DeleteVolume {
  std::string name;
  std::string reason = "requested";  // "requested", "auto-remove", "prune", "create-failed"
  std::string with_container = {};   // the one that goes with it, and therefore doesn't count
};
Result<Decision> decide_volume_delete(const State& state, const DeleteVolume& command,
                                      const Origin& origin);

// Those that no container refers to.
std::vector<std::string> prunable_volumes(const State& state);

// Request of storage.create-volume from an intent.
Json volume_request(const std::string& name, const Json& intent_data);

}  // namespace bulkhead::model
