// A VM whose init comes from an image (`container run --init-image`): the disk with the serial
// "init" is that image, read-only, and its /sbin/init takes over as process 1. It has to speak
// guest/PROTOCOL.md, and its image has to have the directories /proc and /root, which this init
// mounts over too.
#pragma once

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

// Whether the root is still the one that the kernel unpacked.
bool is_initramfs();

// Doesn't return, unless it fails.
Status enter_init_disk();

}  // namespace bulkhead::guest
