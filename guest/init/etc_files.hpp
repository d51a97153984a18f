// resolv.conf and hosts in the container's /etc, written anew at each start.
//
// The tree is the image's or what an earlier run left: whatever bears the name is removed, never
// written through. Where the writable layer can take them directly, it does: through the joined
// tree the first file has /etc copied up, which costs a start under emulation some milliseconds.
#pragma once

#include "bulkhead/result.hpp"
#include "guest/core/container_spec.hpp"

namespace bulkhead::guest {

// Before the layers are joined; upper is the writable one's directory, beside which a draft may lie
// (upper + ".etc"). False, and nothing is written, when only the joined tree knows where /etc is
// and what it looks like: it is a link, was removed by an earlier run, or has attributes that have
// to be copied.
Result<bool> write_etc_in_layer(const ContainerSpec& spec, const char* image, const char* upper);

// Through the joined tree, inside which /etc is resolved; made if there is none.
Status write_etc_in_tree(const ContainerSpec& spec, const char* tree);

}  // namespace bulkhead::guest
