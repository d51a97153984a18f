// SHA-256 over pieces, as "sha256:<hex>".
#pragma once

#include <openssl/evp.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace bulkhead::engine {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void update(std::string_view bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  std::string finish() {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), sum, &size);
    std::string text = "sha256:";
    for (unsigned i = 0; i < size; ++i) {
      char hex[3];
      snprintf(hex, sizeof hex, "%02x", sum[i]);
      text += hex;
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace bulkhead::engine
