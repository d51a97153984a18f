// The body of POST /v1/containers/{id}/start, made here for run and start alike.
//
// It carries where the caller's SSH agent listens, at each start anew, so that --ssh follows a
// login that comes after the container was created.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "command/table.hpp"
#include "options/environment.hpp"

namespace bulkhead::cli {

nlohmann::json detached_start(const Environment& environment, bool cold);

// `size` is the terminal's, {"rows", "cols"}, or null.
nlohmann::json attached_start(const Environment& environment, bool cold, bool interactive,
                              const nlohmann::json& size);

inline constexpr Option kColdOption = {
    .names = "--cold", .help = "Boot the machine even if it could be cloned from a template"};

}  // namespace bulkhead::cli
