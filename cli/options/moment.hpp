// Points in time on the command line: a length of time before now ("90s", "10m", "2h", "1d") or an
// RFC 3339 time as it is.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

using Moment = std::chrono::system_clock::time_point;

// "2026-11-24T03:01:02Z".
std::string rfc3339(Moment moment);

// "10m" -> 600 s. Without a unit `bare` decides: seconds, or nothing at all. At least 1.
std::optional<std::chrono::seconds> parse_duration(std::string_view text, bool bare_seconds);

// The time that `text` means, as the API takes it.
Result<std::string> parse_moment(std::string_view text, std::string_view option, Moment now);

}  // namespace bulkhead::cli
