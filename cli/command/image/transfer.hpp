// A pull or a push under way: the service's stream of progress (docs/reference/api.md) shown on
// standard error, and its result.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "command/context.hpp"
#include "command/invocation.hpp"
#include "terminal/transfer_display.hpp"

namespace bulkhead::cli {

// The style that --progress of `invocation` asks for.
ProgressStyle progress_style(Context& context, const Invocation& invocation);

// POSTs `request` to `target` ("/v1/images/pull"); the result of the last line.
Result<nlohmann::json> transfer(Context& context, const std::string& target,
                                const nlohmann::json& request, ProgressStyle style);

}  // namespace bulkhead::cli
