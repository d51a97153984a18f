// The id of what nobody has named: RFC 9562 version 4, lower case.
#pragma once

#include <string>

namespace bulkhead::engine {

std::string new_uuid();

}  // namespace bulkhead::engine
