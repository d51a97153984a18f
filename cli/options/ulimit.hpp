// --ulimit <type>=<soft>[:<hard>]: one resource limit of the container's process. Without a hard
// limit the soft one serves for both; "unlimited" and -1 mean RLIM_INFINITY, which is the largest
// 64-bit number here and travels as -1: JSON's numbers are signed where they are read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

struct Ulimit {
  std::string limit;  // "RLIMIT_NOFILE"
  uint64_t soft = 0;
  uint64_t hard = 0;
};
inline constexpr uint64_t kUnlimited = UINT64_MAX;

Result<Ulimit> parse_ulimit(std::string_view text);

// All of a command line's; naming a type twice is an error.
Result<std::vector<Ulimit>> parse_ulimits(const std::vector<std::string>& texts);

}  // namespace bulkhead::cli
