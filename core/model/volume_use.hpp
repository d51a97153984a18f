// Who mounts which volume. A configuration refers to a volume by its name, from the intent to
// create the container until it is gone, whether it runs or not.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

std::string volume_of(const Json& mount);  // "" for another kind of mount
bool is_read_only(const Json& mount);
bool wants_notices(const Json& mount);  // of changes in a host folder

// Every container that refers to it, but not `except`.
std::vector<std::string> users_of_volume(const State& state, const std::string& name,
                                         const std::string& except = {});
// Other containers that mount a disk volume of this one: while such a one's machine still runs,
// perhaps only to shut down, the disk is in its hands.
std::vector<std::string> sharers_of_volumes(const State& state, const ContainerState& container);

// Before a container is made: what it refers to isn't on its way out.
Status check_volumes_stay(const State& state, const Json& configuration);
// Before a container starts: its volumes are there, and none is in the hands of a running one,
// unless both only read.
Status check_volumes_free(const State& state, const ContainerState& container);

// Volumes that nobody named, made for this container and for nobody else since.
std::vector<std::string> own_anonymous_volumes(const State& state, const ContainerState& container);

}  // namespace bulkhead::model
