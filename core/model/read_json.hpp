// Reads of foreign JSON that can't fail: a missing key or another type is the fallback. evolve()
// must be total, and the library's own accessors throw.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/event.hpp"

namespace bulkhead::model {

// The member, or a null value that lives for ever.
inline const Json& member(const Json& object, const char* key) {
  static const Json null;
  if (!object.is_object()) return null;
  auto found = object.find(key);
  return found == object.end() ? null : *found;
}

inline std::string read_text(const Json& object, const char* key, std::string_view fallback = {}) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get_ref<const std::string&>() : std::string(fallback);
}

// Integers only: a fraction or a number beyond int64 is the fallback, not an undefined conversion.
inline std::optional<int64_t> read_integer(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (value.is_number_unsigned()) {
    uint64_t number = value.get<uint64_t>();
    if (number > uint64_t(std::numeric_limits<int64_t>::max())) return std::nullopt;
    return int64_t(number);
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  return std::nullopt;
}

inline std::optional<int> read_small(const Json& object, const char* key) {
  auto value = read_integer(object, key);
  if (!value || *value < std::numeric_limits<int>::min() ||
      *value > std::numeric_limits<int>::max())
    return std::nullopt;
  return int(*value);
}

inline bool read_flag(const Json& object, const char* key, bool fallback = false) {
  const Json& value = member(object, key);
  return value.is_boolean() ? value.get<bool>() : fallback;
}

// The strings of an array; what isn't a string is left out.
inline std::vector<std::string> read_texts(const Json& object, const char* key) {
  std::vector<std::string> texts;
  const Json& value = member(object, key);
  if (value.is_array())
    for (const Json& element : value)
      if (element.is_string()) texts.push_back(element.get<std::string>());
  return texts;
}

}  // namespace bulkhead::model
