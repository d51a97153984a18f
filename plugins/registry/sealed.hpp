// A text, sealed with a key: AES-256-GCM by OpenSSL.
//
//     bytes 0..3    "BHCR"
//     byte  4       version of the format: 1
//     bytes 5..16   nonce, random for each sealing
//     then          the text, encrypted: as long as the text
//     last 16       tag over bytes 0..4 (as additional data) and the text
//
// A change of any byte, an end that is missing and another key are all the same to whoever opens
// it: kCorrupt. A random nonce of 96 bits is safe for some four billion sealings with one key, and
// a login happens less often than that.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::registry {

inline constexpr size_t kSealKeySize = 32;

Result<std::string> new_seal_key();
Result<std::string> seal(std::string_view text, const std::string& key);
Result<std::string> open_sealed(std::string_view sealed, const std::string& key);

}  // namespace bulkhead::registry
