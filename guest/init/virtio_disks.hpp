// The VM's disks, known by the serial the host gave them and not by their order.
//
// A VM that is saved as a template gives its disks back to the bus before (bulkhead.template=1): a
// driver reads a disk's size when it is bound, and the clone's disks have sizes of their own. They
// get their drivers back when one of them is looked for.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

// "/dev/vdb" for the disk with that serial, which may need its driver first.
Result<std::string> find_disk(std::string_view serial);

void unbind_disks();

}  // namespace bulkhead::guest
