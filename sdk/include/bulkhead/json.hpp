// JSON as values that can fail instead of exceptions. nlohmann/json does the work; foreign text
// comes in only through parse_json, which bounds the depth (a recursive destructor is a stack
// overflow waiting to be sent), and goes out only through dump_json, which is the one spelling:
// sorted keys, no spaces, invalid UTF-8 replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead {

using Json = nlohmann::json;

// One value and nothing after it; kInvalid with the position of the mistake.
Result<Json> parse_json(std::string_view text, size_t max_depth = 64);

// Equal values give equal bytes, so that they can be hashed and compared. Never fails.
std::string dump_json(const Json& value);

// A member of an object by key; kInvalid names the key if it is missing or of another type.
Result<std::string> string_at(const Json& object, const char* key);
Result<int64_t> integer_at(const Json& object, const char* key);
Result<bool> bool_at(const Json& object, const char* key);

// The member if it is there and of the type, else the fallback. Never throws, whatever `object` is.
std::string string_or(const Json& object, const char* key, std::string_view fallback);
int64_t integer_or(const Json& object, const char* key, int64_t fallback);
bool bool_or(const Json& object, const char* key, bool fallback);

}  // namespace bulkhead
