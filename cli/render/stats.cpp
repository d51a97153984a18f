#include "render/stats.hpp"

#include <cstdio>

#include "bulkhead/size.hpp"
#include "render/field.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

std::string cpu_share(const StatsSample& before, const StatsSample& now, const json& container) {
  const std::string id = text_at(container, "id");
  for (const json& former : before.containers) {
    if (text_at(former, "id") != id) continue;
    const uint64_t then = number_at(former, "cpuUsageUsec");
    const uint64_t used = number_at(container, "cpuUsageUsec");
    const double elapsed =
        std::chrono::duration<double, std::micro>(now.taken - before.taken).count();
    // A counter that went back is a container that was started anew.
    if (used < then || elapsed <= 0) break;
    char text[32];
    std::snprintf(text, sizeof text, "%.2f%%", static_cast<double>(used - then) / elapsed * 100);
    return text;
  }
  return "--";
}

std::string pair_of(const json& container, const char* first, const char* second) {
  return format_binary_size(number_at(container, first)) + " / " +
         format_binary_size(number_at(container, second));
}

}  // namespace

std::string stats_table(const StatsSample& before, const StatsSample& now) {
  Table table({"Container ID", "Cpu %", "Memory Usage", "Net Rx/Tx", "Block I/O", "Pids"});
  for (const json& container : now.containers) {
    table.add({text_at(container, "id"), cpu_share(before, now, container),
               pair_of(container, "memoryUsageBytes", "memoryLimitBytes"),
               pair_of(container, "networkRxBytes", "networkTxBytes"),
               pair_of(container, "blockReadBytes", "blockWriteBytes"),
               text_at(container, "numProcesses")});
  }
  return table.text();
}

}  // namespace bulkhead::cli
