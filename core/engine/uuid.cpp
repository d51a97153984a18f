#include "uuid.hpp"

#include <sys/random.h>

#include <cstdio>

namespace bulkhead::engine {

std::string new_uuid() {
  unsigned char b[16] = {};
  [[maybe_unused]] ssize_t got = getrandom(b, sizeof b, 0);
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  char text[37];
  snprintf(text, sizeof text,
           "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
           b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
  return text;
}

}  // namespace bulkhead::engine
