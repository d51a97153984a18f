#include "guest/core/capability_set.hpp"

#include "bulkhead/capability_names.hpp"

namespace bulkhead::guest {

std::optional<int> capability_number(std::string_view name) {
  if (!name.starts_with("CAP_")) return std::nullopt;
  name.remove_prefix(4);
  for (size_t i = 0; i < kCapabilityNames.size(); i++) {
    if (kCapabilityNames[i] == name) return static_cast<int>(i);
  }
  return std::nullopt;
}

}  // namespace bulkhead::guest
