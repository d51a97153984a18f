// The OpenAPI 3.1 document, made from the route table: it can't name a route that doesn't exist or
// miss one that does.
#pragma once

#include <nlohmann/json.hpp>

#include "router.hpp"

namespace bulkhead::api {

nlohmann::json openapi_document(const Router& router);

}  // namespace bulkhead::api
