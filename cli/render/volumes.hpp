// Volumes as rows: NAME  TYPE  DRIVER  OPTIONS.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bulkhead::cli {

std::string volume_table(const nlohmann::json& volumes);

}  // namespace bulkhead::cli
