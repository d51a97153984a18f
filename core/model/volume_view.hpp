// Volumes as the API shows them (docs/reference/api.md): pure, keys sorted, absent optionals left
// out.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// By its whole name: data is not worth a guess.
Result<const VolumeState*> find_volume(const State& state, const std::string& name);

// `used`: allocated bytes by name (storage.usage), or null if nobody knows.
Json volume_view(const VolumeState& volume, const Json& used);
Json volumes_view(const State& state, const Json& used);  // by name
// total, active (some container refers to it), sizeInBytes and reclaimable, as allocated.
Json volumes_usage(const State& state, const Json& used);

}  // namespace bulkhead::model
