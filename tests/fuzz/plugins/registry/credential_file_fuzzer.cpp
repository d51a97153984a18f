// The file of logins, sealed and opened: the seal keeps strangers from the parser within, so each
// input is tried at both.
#include <string>
#include <string_view>

#include "credential_file.hpp"
#include "sealed.hpp"

using namespace bulkhead;
using namespace bulkhead::registry;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::string kKey(kSealKeySize, 'k');
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_logins(text);
  (void)open_sealed(text, kKey);
  const auto sealed = seal(text, kKey);
  if (!sealed || *open_sealed(*sealed, kKey) != text) __builtin_trap();
  return 0;
}
