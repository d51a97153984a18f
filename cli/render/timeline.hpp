// What took how long between Enter and the end of `container run`, from both sides of the socket:
// the command's own marks, and what the journal says of the container. All of them are times of one
// clock, the host's.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace bulkhead::cli {

// Microseconds since 1970; absent what hasn't happened.
struct RunMarks {
  int64_t began = 0;
  std::optional<int64_t> first_output;
  std::optional<int64_t> told_end;  // by the process's connection
  int64_t ended = 0;
};

// One line for each step, in the order of time: when it was done since the command began, and how
// long after the one before. `events` are the container's (docs/reference/events.md).
std::string timeline_text(const RunMarks& marks, const std::vector<nlohmann::json>& events);

}  // namespace bulkhead::cli
