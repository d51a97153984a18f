// The VM's orderly end.
#pragma once

namespace bulkhead::guest {

// Kills everything in the container, waits for it, unmounts the tree so that the writable disk is
// clean, and resets the machine, which QEMU takes for the end. Returns never; what goes wrong is
// said on the console.
[[noreturn]] void end_machine();

}  // namespace bulkhead::guest
