// Networks as rows: NETWORK  SUBNET. And local domains: DOMAIN.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bulkhead::cli {

std::string network_table(const nlohmann::json& networks);
std::string domain_table(const nlohmann::json& domains);

}  // namespace bulkhead::cli
