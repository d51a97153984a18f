// --label <key>[=<value>]: the key is what stands before the first '='; a missing or empty value is
// the empty string.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

// Later labels replace earlier ones of the same key.
Result<std::map<std::string, std::string>> parse_labels(const std::vector<std::string>& texts);

}  // namespace bulkhead::cli
