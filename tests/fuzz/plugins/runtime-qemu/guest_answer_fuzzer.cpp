// What a guest answers with ends in messages on the user's terminal and in the journal: it must
// survive serialisation.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "guest_requests.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const Error error = qemu::guest_error(size % 600, body);
  if (error.message.empty()) std::abort();
  for (const char c : error.message) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) std::abort();
  }
  (void)Json(error.message).dump();  // throws, and so crashes, on what isn't UTF-8
  return 0;
}
