// Errors as RFC 9457 problem documents: the one table that ties error codes to HTTP statuses
// (docs/reference/api.md).
#pragma once

#include <nlohmann/json.hpp>

#include "bulkhead/result.hpp"

namespace bulkhead::api {

int http_status(Code code);
// `status` other than 0 takes the place of the table's: 405 says more than the code that it belongs
// to.
nlohmann::json problem_document(const Error& error, int status = 0);

}  // namespace bulkhead::api
