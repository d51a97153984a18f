#include "schemas.hpp"

#include "schemas_text.hpp"

namespace bulkhead::api {

const nlohmann::json& schemas() {
  static const nlohmann::json all = nlohmann::json::parse(schemas_text());
  return all;
}

nlohmann::json schema_reference(const char* name) {
  return {{"$ref", std::string("#/components/schemas/") + name}};
}

}  // namespace bulkhead::api
