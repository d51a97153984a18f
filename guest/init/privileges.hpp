// Capabilities of a process of the container.
//
// A process gets its list as permitted, effective and bounding set. Inheritable stays empty, as
// with today's runc-based engines: a non-empty one lets a program with inheritable file
// capabilities raise them for an unprivileged user (CVE-2022-24769). A user who isn't root starts
// without any; the bounding set then limits what setuid programs bring.
#pragma once

#include "bulkhead/result.hpp"
#include "guest/core/capability_set.hpp"

namespace bulkhead::guest {

// The bounding set; needs CAP_SETPCAP, so it comes before the others.
Status limit_capabilities(CapabilitySet bounding);
// Permitted and effective.
Status set_capabilities(CapabilitySet capabilities);

}  // namespace bulkhead::guest
