#include "render/registries.hpp"

#include <nlohmann/json.hpp>

#include "render/field.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

std::string registry_table(const nlohmann::json& registries) {
  Table table({"HOSTNAME", "USERNAME", "MODIFIED", "CREATED"});
  for (const auto& registry : registries) {
    table.add({text_at(registry, "name"), text_at(registry, "username"),
               text_at(registry, "modificationDate"), text_at(registry, "creationDate")});
  }
  return table.text();
}

}  // namespace bulkhead::cli
