// Volumes and folders of the host in the container's tree.
//
// PID 1 mounts each disk and share once, below /run/mounts, before the container's namespaces are
// made, and fills an empty volume from the image there. The container's first process takes hold of
// them (hold_sources), enters its root, and puts them into place (place_sources), the outer before
// the inner. Links in a destination's path are the image's, and followed inside its root only.
#pragma once

#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "guest/core/mount_spec.hpp"

namespace bulkhead::guest {

Status mount_sources(const std::vector<MountSpec>& mounts);
void unmount_sources();

// Detached mounts, one for each mount and then one for each socket whose listener is here
// (container_sockets.hpp).
Result<std::vector<UniqueFd>> hold_sources(const std::vector<MountSpec>& mounts,
                                           const std::vector<SocketSpec>& sockets);
Status place_sources(const std::vector<MountSpec>& mounts, const std::vector<SocketSpec>& sockets,
                     const std::vector<UniqueFd>& sources);

}  // namespace bulkhead::guest
