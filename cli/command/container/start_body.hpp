// The body of POST /v1/containers/{id}/start, made here for run and start alike.
//
// It carries where the caller's SSH agent listens, at each start anew, so that --ssh follows a
// login that comes after the container was created.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "options/environment.hpp"

namespace bulkhead::cli {

nlohmann::json detached_start(const Environment& environment);

// `size` is the terminal's, {"rows", "cols"}, or null.
nlohmann::json attached_start(const Environment& environment, bool interactive,
                              const nlohmann::json& size);

}  // namespace bulkhead::cli
