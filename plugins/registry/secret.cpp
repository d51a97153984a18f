#include "secret.hpp"

#include <openssl/crypto.h>

namespace bulkhead::registry {

void wipe(std::string& text) {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace bulkhead::registry
