// Capabilities as the kernel takes them: one bit each.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::guest {

using CapabilitySet = uint64_t;

// The number of "CAP_CHOWN" and its like.
std::optional<int> capability_number(std::string_view name);

inline CapabilitySet capability_bit(int number) {
  return CapabilitySet{1} << number;
}

}  // namespace bulkhead::guest
