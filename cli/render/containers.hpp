// Containers as rows: ID  IMAGE  OS  ARCH  STATE  IP  CPUS  MEMORY  STARTED.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bulkhead::cli {

std::string container_table(const nlohmann::json& containers);

}  // namespace bulkhead::cli
