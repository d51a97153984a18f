// Resource usage as a table. The counters of the API are cumulative; a share of CPU time needs two
// samples and the time between them. 100 % is one CPU.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace bulkhead::cli {

struct StatsSample {
  std::chrono::steady_clock::time_point taken;
  nlohmann::json containers = nlohmann::json::array();  // [{"id", "cpuUsageUsec", ...}]
};

// Containers that only `now` has show "--" for the CPU.
std::string stats_table(const StatsSample& before, const StatsSample& now);

}  // namespace bulkhead::cli
