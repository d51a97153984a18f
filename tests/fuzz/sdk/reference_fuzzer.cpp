// Whatever is accepted has one spelling, and both that and the short form mean the same when they
// are typed again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "bulkhead/reference.hpp"
#include "bulkhead/size.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* domain : {"docker.io", "r.example.com:5000"}) {
    const auto reference = bulkhead::parse_reference(text, domain);
    if (!reference) continue;
    for (const std::string& spelling : {reference->text(), reference->familiar(domain)}) {
      const auto again = bulkhead::parse_reference(spelling, domain);
      if (!again || *again != *reference) std::abort();
    }
  }
  if (const auto bytes = bulkhead::parse_size(text)) {
    bulkhead::format_size(*bytes);
    bulkhead::format_binary_size(*bytes);
  }
  return 0;
}
