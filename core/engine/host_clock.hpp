// The host's clock, which the journal's times are of.
#pragma once

#include <cstdint>

namespace bulkhead::engine {

// Microseconds since 1970.
int64_t now_us();

}  // namespace bulkhead::engine
