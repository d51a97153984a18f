// Which files of the container the host has seen change: the body of POST /v1/touch.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

inline constexpr size_t kMostTouched = 1024;

// Absolute paths without NUL, at most kMostTouched.
Result<std::vector<std::string>> parse_touch(std::string_view json);

}  // namespace bulkhead::guest
