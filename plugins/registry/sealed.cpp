#include "sealed.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

#include "secret.hpp"

namespace bulkhead::registry {
namespace {

constexpr std::string_view kHead("BHCR\x01", 5);
constexpr size_t kNonce = 12;
constexpr size_t kTag = 16;
constexpr size_t kOverhead = kHead.size() + kNonce + kTag;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Cipher new_cipher() {
  return {EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free};
}
const unsigned char* in(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* out(char* place) {
  return reinterpret_cast<unsigned char*>(place);
}

Result<std::string> random_bytes(size_t size) {
  std::string bytes(size, '\0');
  if (RAND_bytes(out(bytes.data()), static_cast<int>(size)) == 1) return bytes;
  return fail(Code::kInternal, "OpenSSL has no random bytes");
}

// GCM has no padding: as many bytes come out as go in.
bool encrypt(EVP_CIPHER_CTX* cipher, std::string_view nonce, std::string_view text,
             const std::string& key, char* to) {
  int n = 0;
  return EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nullptr, in(key), in(nonce)) == 1 &&
         EVP_EncryptUpdate(cipher, nullptr, &n, in(kHead), static_cast<int>(kHead.size())) == 1 &&
         EVP_EncryptUpdate(cipher, out(to), &n, in(text), static_cast<int>(text.size())) == 1 &&
         EVP_EncryptFinal_ex(cipher, out(to + text.size()), &n) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, kTag, to + text.size()) == 1;
}

bool decrypt(EVP_CIPHER_CTX* cipher, std::string_view nonce, std::string_view body, std::string tag,
             const std::string& key, char* to) {
  int n = 0;
  return EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nullptr, in(key), in(nonce)) == 1 &&
         EVP_DecryptUpdate(cipher, nullptr, &n, in(kHead), static_cast<int>(kHead.size())) == 1 &&
         EVP_DecryptUpdate(cipher, out(to), &n, in(body), static_cast<int>(body.size())) == 1 &&
         EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) == 1 &&
         EVP_DecryptFinal_ex(cipher, out(to + body.size()), &n) == 1;
}

Failure wrong_key() {
  return fail(Code::kCorrupt, "the key doesn't have " + std::to_string(kSealKeySize) + " bytes");
}

}  // namespace

Result<std::string> new_seal_key() {
  return random_bytes(kSealKeySize);
}

Result<std::string> seal(std::string_view text, const std::string& key) {
  if (key.size() != kSealKeySize) return wrong_key();
  auto nonce = random_bytes(kNonce);
  if (!nonce) return fail(std::move(nonce.error()));
  std::string sealed = std::string(kHead) + *nonce;
  sealed.resize(text.size() + kOverhead);
  const Cipher cipher = new_cipher();
  if (encrypt(cipher.get(), *nonce, text, key, sealed.data() + kHead.size() + kNonce)) {
    return sealed;
  }
  return fail(Code::kInternal, "OpenSSL can't encrypt");
}

Result<std::string> open_sealed(std::string_view sealed, const std::string& key) {
  if (key.size() != kSealKeySize) return wrong_key();
  if (sealed.size() < kOverhead || sealed.substr(0, 4) != kHead.substr(0, 4)) {
    return fail(Code::kCorrupt, "it is cut short, or another program's");
  }
  if (sealed[4] != kHead[4]) {
    return fail(Code::kCorrupt, "it is of version " +
                                    std::to_string(static_cast<unsigned char>(sealed[4])) +
                                    " of the format, and this program knows version 1");
  }
  const std::string_view nonce = sealed.substr(kHead.size(), kNonce);
  const std::string_view body = sealed.substr(kHead.size() + kNonce, sealed.size() - kOverhead);
  const std::string tag(sealed.substr(sealed.size() - kTag));
  std::string text(body.size(), '\0');
  const Cipher cipher = new_cipher();
  if (decrypt(cipher.get(), nonce, body, tag, key, text.data())) return text;
  wipe(text);  // made with what can't be trusted
  return fail(Code::kCorrupt, "it was damaged or changed, or sealed with another key");
}

}  // namespace bulkhead::registry
