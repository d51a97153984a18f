// The last steps of a process before its program runs: everything between "inside the container's
// namespaces" and execve.
//
// Runs in the child. The order is forced: what needs root's rights (working directory, owner of the
// channels, limits, bounding set) comes before the user changes, and the search for the command
// after it, because what the user may not execute must not be found.
#pragma once

#include "guest/core/process_spec.hpp"

namespace bulkhead::guest {

// Lays the descriptors out: in, out, err become 0, 1, 2; error becomes error_at, closed by execve;
// all above is closed. Before anything of the container's tree is touched, because that may block,
// and no copy of another process's channel may then be held.
void arrange_descriptors(int in, int out, int err, int error, int error_at);

// Descriptors are arranged, the namespaces joined. Failures go into error_fd.
[[noreturn]] void run_program(const ProcessSpec& spec, bool is_init, int error_fd);

}  // namespace bulkhead::guest
