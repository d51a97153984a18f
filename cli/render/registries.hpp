// Logins to registries as rows: HOSTNAME  USERNAME  MODIFIED  CREATED.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bulkhead::cli {

std::string registry_table(const nlohmann::json& registries);

}  // namespace bulkhead::cli
