// What run and create share: their options, the container, and the file with its id.
#pragma once

#include <string>

#include "command/context.hpp"
#include "command/invocation.hpp"
#include "options/management.hpp"
#include "options/process.hpp"
#include "options/resource.hpp"

namespace bulkhead::cli {

inline constexpr Argument kImageAndCommand[] = {
    {.name = "<image>", .completes = Completes::kImage},
    {.name = "<argument>",
     .help = "The command line of the process; the image's by default",
     .min = 0,
     .max = kMany,
     .raw = true},
};

// Creates the container; its id. Warnings are shown, --cidfile is written.
Result<std::string> create_container(Context& context, const Invocation& invocation);

}  // namespace bulkhead::cli
