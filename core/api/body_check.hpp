// Whether a request's body has only keys and types that its schema knows: a misspelt "readOnly" or
// a "capDrop" that is no list must be refused, because what isn't understood would simply not
// happen.
//
// A null counts as absent. Required keys, ranges and patterns are left to whoever uses the value
// and has better sentences for them.
#pragma once

#include <nlohmann/json.hpp>

#include "bulkhead/result.hpp"

namespace bulkhead::api {

// `schema` is one of schemas(), or made of them.
Status check_body(const nlohmann::json& schema, const nlohmann::json& body);

}  // namespace bulkhead::api
