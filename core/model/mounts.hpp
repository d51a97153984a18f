// The mounts of a container's configuration, from what was asked ("mounts" and "tmpfs" of
// ContainerRequest) and from the VOLUMEs of its image. The shape is the reference's:
// {type, source, destination, options}, where type is {"virtiofs": {}}, {"tmpfs": {}} or
// {"volume": {"name", ...}}. A host folder is "virtiofs" whatever carries it in the end.
//
// Destinations are absolute and normal, and no two are the same. What a host path leads to is the
// engine's to find out (mount_sources.hpp); here it is only a path.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

struct MountsInput {
  const Json& request;                      // ContainerRequest
  const Json& image_volumes;                // Config.Volumes of the image: its keys are paths
  std::function<std::string()> fresh_name;  // for volumes that nobody named
};
struct Mounts {
  Json list = Json::array();
  Json missing = Json::array();  // volumes to be made first: [{"name", "anonymous"?: true}]
};
// `state` is read for volumes only.
Result<Mounts> build_mounts(const State& state, const MountsInput& input);

// Says of each mount of these volumes where it is: {"data": "/path/of/the/disk"}.
void put_volume_sources(Json& configuration, const Json& sources);

}  // namespace bulkhead::model
