// What --pull means for run and create: the container is created from an image that is pulled
// first, pulled if it isn't here, or not pulled.
//
// A start must cost nothing for an image that is here, so it is the failed creation that says that
// the image is missing; only then is it looked for and pulled, and the container created again.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "command/context.hpp"
#include "command/invocation.hpp"
#include "options/transfer.hpp"

namespace bulkhead::cli {

inline constexpr Option kPullOptions[] = {
    kDownloadsOption,
    kProgressOption,
    {.names = "--pull",
     .value = "<when>",
     .help = "Pull the image each time, if it isn't here for the platform, or never",
     .choices = "always|missing|never",
     .fallback = "missing"},
    kSchemeOption,
};

// POST /v1/containers with `request`; its answer.
Result<nlohmann::json> create_with_image(Context& context, const Invocation& invocation,
                                         const nlohmann::json& request);

}  // namespace bulkhead::cli
