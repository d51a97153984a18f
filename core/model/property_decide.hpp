// System properties: the keys that exist, what they mean, and setting them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

enum class PropertyType : uint8_t { kString, kInteger, kBoolean };

struct PropertyDefinition {
  std::string_view key;
  PropertyType type;
  std::optional<std::string_view> fallback;  // the default; absent: unset means unset
  std::string_view description;
  Status (*check)(std::string_view value);
};

const std::vector<PropertyDefinition>& property_catalogue();  // sorted by key
const PropertyDefinition* find_property(std::string_view key);

// The value set, else the default, else nothing. Unknown keys: nothing.
std::optional<std::string> property_value(const State& state, std::string_view key);

Result<Decision> decide_property_set(const State& state, const std::string& key,
                                     const std::string& value, const Origin& origin);
// Empty if it wasn't set.
Result<Decision> decide_property_clear(const State& state, const std::string& key,
                                       const Origin& origin);

}  // namespace bulkhead::model
