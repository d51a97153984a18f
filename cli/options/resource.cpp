#include "options/resource.hpp"

#include <nlohmann/json.hpp>

#include "options/number.hpp"

namespace bulkhead::cli {

using nlohmann::json;

// The service's limit: CONFIG_NR_CPUS of the guest kernel.
constexpr int64_t kMaximumCpus = 64;

Result<json> resource_request(const Invocation& invocation) {
  json resources = json::object();
  if (const auto text = invocation.value("cpus")) {
    const auto cpus = parse_number(*text, "--cpus", 1, kMaximumCpus);
    if (!cpus) return fail(cpus.error());
    resources["cpus"] = *cpus;
  }
  if (const auto text = invocation.value("memory")) {
    const auto memory = parse_size_option(*text, "--memory");
    if (!memory) return fail(memory.error());
    resources["memoryInBytes"] = *memory;
  }
  return resources;
}

}  // namespace bulkhead::cli
