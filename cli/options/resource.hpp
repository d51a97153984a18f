// The options that size a container's VM: --cpus and --memory. What isn't given is the service's to
// choose (the properties container.cpus and container.memory).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "bulkhead/result.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

inline constexpr Option kResourceOptions[] = {
    {.names = "-c, --cpus",
     .value = "<number>",
     .help = "Number of CPUs; the property container.cpus by default"},
    {.names = "-m, --memory",
     .value = "<size>",
     .help = "Memory, e.g. 512m or 2g; the property container.memory by default"},
};

Result<nlohmann::json> resource_request(const Invocation& invocation);

}  // namespace bulkhead::cli
