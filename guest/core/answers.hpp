// The JSON bodies of answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

// {"code": n, "message": s}
std::string error_body(const Error& error);

std::string kernel_log_body(std::string_view text);
std::string ping_body(std::string_view version, uint64_t uptime_us);
// The answer to /v1/container: who has prepared it. A version needs no escapes.
std::string container_body(std::string_view version);

}  // namespace bulkhead::guest
