// What a registry and its token server say in headers and bodies that are read here: challenges,
// locations, ranges, tokens, times.
#include <cstdint>
#include <string_view>

#include "authorizations.hpp"
#include "challenge.hpp"
#include "endpoint.hpp"
#include "fetch.hpp"
#include "retry.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::registry;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)choose_challenge(text);
  (void)parse_token_answer(text);
  (void)parse_content_range(text);
  (void)parse_retry_after(text, 0);
  const std::string location = resolve_location("https://registry.example/v2/a", std::string(text));
  if (!location.empty() && origin_of(location).scheme.empty()) __builtin_trap();
  return 0;
}
