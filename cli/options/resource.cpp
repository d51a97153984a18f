#include "options/resource.hpp"

#include <nlohmann/json.hpp>

#include "options/number.hpp"

namespace bulkhead::cli {

using nlohmann::json;

Result<json> resource_request(const Invocation& invocation) {
  json resources = json::object();
  if (const auto text = invocation.value("cpus")) {
    const auto cpus = parse_number(*text, "--cpus", 1, 1024);
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
