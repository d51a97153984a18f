// --cap-add and --cap-drop: the name of a Linux capability, with or without its CAP_ prefix, in any
// case, or ALL. What leaves here is the kernel's own spelling, so that inspect shows one form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

Result<std::string> parse_capability(std::string_view text, std::string_view option);
Result<std::vector<std::string>> parse_capabilities(const std::vector<std::string>& texts,
                                                    std::string_view option);

}  // namespace bulkhead::cli
