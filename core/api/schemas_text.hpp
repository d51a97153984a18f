// openapi_schemas.json as it is in the source tree; CMake makes the definition of it.
#pragma once

namespace bulkhead::api {

const char* schemas_text();

}  // namespace bulkhead::api
