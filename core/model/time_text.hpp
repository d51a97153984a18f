// Times as text: RFC 3339 UTC. Seconds in resources (as the reference prints them), microseconds in
// events.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::model {

std::string time_seconds(int64_t us);  // "2026-11-24T02:42:00Z"
std::string time_micros(int64_t us);   // "2026-11-24T02:42:00.000123Z"
// With fraction and offset or Z; what follows the time is refused.
std::optional<int64_t> parse_time(std::string_view text);

}  // namespace bulkhead::model
