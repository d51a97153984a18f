// Puts something else below the disks of a machine that runs: a file, or nothing.
//
// Only for disks that the guest has no driver for: a driver asks for the size once, when it is
// given the device.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "block_nodes.hpp"
#include "bulkhead/result.hpp"
#include "qemu_process.hpp"

namespace bulkhead::qemu {

struct DiskChange {
  BlockNode node;
  Json below;  // file_below() or nothing_below()
};

// `round` sets the new nodes' names apart from those of earlier exchanges. `done` is called once,
// from QEMU's last answer; never, if QEMU ends before.
void exchange_disks(QemuProcess& qemu, const std::vector<DiskChange>& changes, unsigned round,
                    std::function<void(const Status&)> done);

}  // namespace bulkhead::qemu
