// A volume's part of the projection; see snapshot.hpp.
#pragma once

#include <optional>

#include "model/volume_state.hpp"

namespace bulkhead::model {

Json volume_snapshot(const VolumeState& volume);
std::optional<VolumeState> volume_from_snapshot(const Json& json);

}  // namespace bulkhead::model
