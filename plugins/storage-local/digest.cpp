#include "digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <new>

#include "bulkhead/printable.hpp"

namespace bulkhead::storage {
namespace {

constexpr std::string_view kPrefix = "sha256:";
constexpr size_t kHexDigits = 64;

bool is_lower_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

Result<Digest> Digest::from_hex(std::string_view hex) {
  if (hex.size() != kHexDigits || !std::all_of(hex.begin(), hex.end(), is_lower_hex)) {
    return fail(Code::kCorrupt, in_quotes(hex) + " isn't a SHA-256 in lower-case hex");
  }
  return Digest(std::string(hex));
}

Result<Digest> Digest::parse(std::string_view text) {
  if (!text.starts_with(kPrefix)) {
    return fail(Code::kUnsupported,
                in_quotes(text) + " isn't a sha256 digest, the only kind supported");
  }
  return from_hex(text.substr(kPrefix.size()));
}

Digest Digest::of(Bytes content) {
  Sha256 hash;
  hash.update(content);
  return hash.finish();
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

// The only ways for these calls to fail are lack of memory and a library without SHA-256: neither
// leaves anything to do.
Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
}

void Sha256::update(Bytes bytes) {
  EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
}

Digest Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned int length = 0;
  EVP_DigestFinal_ex(context_.get(), raw.data(), &length);
  constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(kHexDigits);
  for (unsigned int i = 0; i < length; ++i) {
    hex += kHex[raw[i] >> 4];
    hex += kHex[raw[i] & 15];
  }
  return Digest(std::move(hex));
}

}  // namespace bulkhead::storage
