// The container's tree: the image's disk below, the writable disk (or a tmpfs) above, overlay joins
// them at kRootfs.
//
// Mounted in PID 1's own mount namespace, so that PID 1 can take it apart cleanly at the end; the
// container's namespace has copies, which vanish with its last process.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "guest/core/container_spec.hpp"

namespace bulkhead::guest {

inline constexpr const char* kRootfs = "/run/rootfs";

// Leaves the tree as the container finds it: resolv.conf and hosts are written, too.
Status mount_rootfs(const ContainerSpec& spec);

// Creates a directory, with its parents, below the rootfs of a container that sees it read-only.
void make_directory_for_reader(const std::string& path);

// Unmounts the one file system, waiting half a second for those who still let go of it.
Status unmount(const char* target);

// Unmounts the tree and its writable disk; the ext4 is clean afterwards.
Status unmount_rootfs();
// After it, and only if the machine goes on.
Status unmount_image();

}  // namespace bulkhead::guest
