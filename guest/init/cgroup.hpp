// The container's cgroup, /container, for everything that runs on a user's behalf; PID 1 stays in
// the root, where no limit reaches it. Version 2 only.
#pragma once

#include <cstdint>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "guest/core/container_spec.hpp"
#include "guest/core/statistics.hpp"

namespace bulkhead::guest {

// At boot: the tree and the controllers.
Status prepare_cgroups();

Status limit_container(const ContainerSpec& spec);

// An empty one in its place, without its limits and counts.
Status renew_container_cgroup();

// For clone3's CLONE_INTO_CGROUP: a process is born inside, so no fork of its can slip out.
UniqueFd open_container_cgroup();

// How many processes the kernel has killed here for want of memory, since the boot.
uint64_t count_oom_kills();

// SIGKILL to every process in it, at once.
Status kill_container_cgroup();

Statistics read_statistics();

}  // namespace bulkhead::guest
