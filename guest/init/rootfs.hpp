// The container's tree: the image's disk below, the writable disk (or a tmpfs) above, overlay joins
// them at kRootfs.
//
// Mounted in PID 1's own mount namespace, so that PID 1 can take it apart cleanly at the end; the
// container's namespace has copies, which vanish with its last process.
#pragma once

#include <string_view>

#include "bulkhead/result.hpp"
#include "guest/core/container_spec.hpp"

namespace bulkhead::guest {

inline constexpr const char* kRootfs = "/run/rootfs";

Status mount_rootfs(const ContainerSpec& spec);

// Puts a plain file into the tree's /etc. The tree is the image's or what an earlier run left:
// whatever bears the name is removed, never written through, and /etc itself is resolved inside the
// tree.
Status write_etc_file(const char* name, std::string_view text);

// Unmounts the tree and its writable disk; the ext4 is clean afterwards.
// Creates a directory, with its parents, below the rootfs of a container that sees it read-only.
void make_directory_for_reader(const std::string& path);

Status unmount_rootfs();

}  // namespace bulkhead::guest
