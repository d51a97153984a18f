// What the inspect commands share: fetch all, report everything that is missing in one sentence,
// print one array.
#pragma once

#include <functional>
#include <string>

#include "command/context.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

// `kind` begins the sentence: "container not found: a, b". If the command has the option --at,
// it is passed on.
Result<int> inspect_all(Context& context, const Invocation& invocation, const std::string& kind,
                        const std::function<std::string(const std::string& name)>& target_of);

}  // namespace bulkhead::cli
