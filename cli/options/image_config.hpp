// The configuration of an imported image: what a Dockerfile would say about it. --config takes the
// OCI object itself; the other options add to it, and --change takes one Dockerfile instruction.
//
// CMD and ENTRYPOINT are a JSON array of words or, as in a Dockerfile, a line for the shell.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "bulkhead/result.hpp"
#include "command/invocation.hpp"
#include "options/environment.hpp"

namespace bulkhead::cli {

// {"Env", "Cmd", "Entrypoint", "WorkingDir", "User", "Labels", "StopSignal"}: only what was given.
Result<nlohmann::json> image_config(const Invocation& invocation, const Environment& environment);

// "ENV A=1", "CMD [\"sh\"]", ... applied to `config`.
Status apply_instruction(nlohmann::json& config, std::string_view instruction,
                         const Environment& environment);

}  // namespace bulkhead::cli
