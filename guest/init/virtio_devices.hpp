// The VM's disks, network cards and shared folders on the virtio bus.
//
// A disk is known by the serial the host gave it and not by its order. In a VM that is saved as a
// template (bulkhead.template=1) all of them are without driver: a driver reads a disk's size, a
// card's address and a folder's tag when it is bound, and a clone's are its own. A clone is told
// how many of each kind it uses and binds that many, in the order of the bus; the rest are
// placeholders and stay without driver.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "guest/core/container_spec.hpp"

namespace bulkhead::guest {

// "/dev/vdb" for the disk with that serial.
Result<std::string> find_disk(std::string_view serial);

void unbind_devices();
Status bind_devices(const CloneSpec& clone);

}  // namespace bulkhead::guest
