// What every VM must have of its own before its first process, above all one that was cloned from a
// saved state: the time of day and unpredictable randomness. Two clones of one template would
// otherwise draw the same keys.
#pragma once

#include <cstdint>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

Status set_clock(int64_t time_us);

// Credits the bytes and makes the kernel derive its generator's key from them at once.
Status add_entropy(std::string_view bytes);

}  // namespace bulkhead::guest
