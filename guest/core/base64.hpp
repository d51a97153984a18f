// Base64 (RFC 4648, with padding) for one field: the 64 bytes of entropy a VM gets before its first
// process. Hand-written, because the only library at hand that does it is OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::guest {

std::optional<std::string> decode_base64(std::string_view text);

}  // namespace bulkhead::guest
