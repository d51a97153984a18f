// The OpenAPI 3.1 document, made from the route table and the schemas that its rows name: it can't
// name a route that doesn't exist or miss one that does.
#pragma once

#include <nlohmann/json.hpp>

#include "router.hpp"

namespace bulkhead::api {

nlohmann::json openapi_document(const Router& router);

// GET /v1/openapi.json. Added last, because it describes what is in the table by then, itself
// included.
void add_openapi_route(Router& router);

}  // namespace bulkhead::api
