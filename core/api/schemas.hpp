// The JSON Schemas of what requests and answers carry: core/api/openapi_schemas.json, compiled in,
// so that the binary and its description can't drift apart. Routes name them; the OpenAPI document
// has them under components.
#pragma once

#include <nlohmann/json.hpp>

namespace bulkhead::api {

// By name. Parsed once.
const nlohmann::json& schemas();

// {"$ref": "#/components/schemas/NAME"}
nlohmann::json schema_reference(const char* name);

}  // namespace bulkhead::api
