// Foreign JSON: never an exception, and what is accepted has one spelling that is accepted again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "bulkhead/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = bulkhead::parse_json(text);
  if (!value) return 0;
  const std::string spelling = bulkhead::dump_json(*value);
  const auto again = bulkhead::parse_json(spelling);
  if (!again || bulkhead::dump_json(*again) != spelling) std::abort();
  bulkhead::string_or(*value, "a", "");
  bulkhead::integer_or(*value, "a", 0);
  bulkhead::bool_or(*value, "a", false);
  return 0;
}
