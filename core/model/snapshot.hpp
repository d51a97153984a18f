// Parts of the state as JSON and back: what the deletable projection in state.db keeps
// (store/state_db.hpp). Not an API: kSnapshotRevision changes with any of it, and the projection is
// then rebuilt from the journal.
#pragma once

#include <optional>

#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

inline constexpr int kSnapshotRevision = 4;

Json container_snapshot(const ContainerState& container);
std::optional<ContainerState> container_from_snapshot(const Json& json);
Json image_snapshot(const ImageState& image);
std::optional<ImageState> image_from_snapshot(const Json& json);
// Everything else: networks, domains, volumes, kernels, plugins, accelerator, daemon, operations,
// stalled streams.
Json rest_snapshot(const State& state);
bool rest_from_snapshot(State& state, const Json& json);

}  // namespace bulkhead::model
