#include "render/networks.hpp"

#include <nlohmann/json.hpp>

#include "render/field.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

std::string network_table(const json& networks) {
  Table table({"NETWORK", "SUBNET"});
  for (const json& network : networks) {
    table.add({text_at(network, "id"), text_at(network, "status.ipv4Subnet")});
  }
  return table.text();
}

std::string domain_table(const json& domains) {
  Table table({"DOMAIN"});
  for (const json& domain : domains) table.add({text_at(domain, "")});
  return table.text();
}

}  // namespace bulkhead::cli
