// The container's first process, PID 1 of its pid namespace: builds the root, waits for the
// command, and becomes it.
//
// With "useInit" it doesn't become the command but its parent: it passes signals on, reaps what is
// orphaned, and ends as the command ends, which ends all other processes of the container. It is a
// fork of the agent and not a program of its own, so it costs no execve; it keeps nothing of the
// agent but memory that is shared until written, and no privilege but CAP_KILL.
#pragma once

#include "guest/core/container_spec.hpp"

namespace bulkhead::guest {

[[noreturn]] void run_container_init(const ContainerSpec& spec, int control, int devpts);

// In the agent, when that process has ended with status: the command's own status.
int receive_command_status(int control, int status);

}  // namespace bulkhead::guest
