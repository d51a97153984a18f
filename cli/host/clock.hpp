// The host's clock, which the journal's times are of too.
#pragma once

#include <cstdint>

namespace bulkhead::cli {

// Microseconds since 1970.
int64_t clock_now_us();

}  // namespace bulkhead::cli
