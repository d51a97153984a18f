// What the host paths of a configuration's mounts lead to: asked when a container is created, so
// that a mistake is told at once, and again at each start, which uses the answer.
//
// A single file is shared as a folder, because 9p and virtio-fs share folders. So that the machine
// doesn't see what else lies beside the file, it gets a folder of its own with a hard link: the
// same file, as a bind mount would have it, also after somebody has put another in its place. Where
// there can't be a link (another file system, another owner), it is the file's own folder.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "model/mount_bodies.hpp"

namespace bulkhead::engine {

Status check_mount_sources(const model::Json& configuration);

// `links`: a folder for those links; it is made anew.
Result<model::MountSources> open_mount_sources(const model::Json& configuration,
                                               const std::string& links);

}  // namespace bulkhead::engine
