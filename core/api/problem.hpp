// Errors as RFC 9457 problem documents: the one table that ties error codes to HTTP statuses
// (docs/reference/api.md).
#pragma once

#include <nlohmann/json.hpp>

#include "bulkhead/result.hpp"

namespace bulkhead::api {

int http_status(Code code);
nlohmann::json problem_document(const Error& error);

}  // namespace bulkhead::api
