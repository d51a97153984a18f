// Whole numbers as options take them: decimal digits and nothing else, within bounds. And sizes, by
// the sdk's rules.
#pragma once

#include <cstdint>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

// `what` begins the sentence of a failure: "--cpus".
Result<uint64_t> parse_number(std::string_view text, std::string_view what, uint64_t least = 0,
                              uint64_t most = UINT64_MAX);

Result<uint64_t> parse_size_option(std::string_view text, std::string_view what);

}  // namespace bulkhead::cli
