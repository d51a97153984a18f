// Volumes as the API shows them (docs/reference/api.md): pure, keys sorted, absent optionals left
// out.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// By its whole name: data is not worth a guess.
Result<const VolumeState*> find_volume(const State& state, const std::string& name);

// `usage`: the answer of storage.usage, or null if nobody knows. What a volume takes on the host
// (allocated) and what its files hold (used) differ by what was deleted and not yet given back.
Json volume_view(const VolumeState& volume, const Json& usage);
Json volumes_view(const State& state);  // by name, without usage
// total, active (some container refers to it), sizeInBytes and reclaimable as allocated, and
// usedInBytes.
Json volumes_usage(const State& state, const Json& usage);

}  // namespace bulkhead::model
