// A fuzzer that flips bits in a tar only ever tests the checksum. This puts the checksum of every
// header right, so that what the bits mean is tested.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace bulkhead::storage {

inline std::string repaired_tar(const uint8_t* data, size_t size) {
  std::string tar(reinterpret_cast<const char*>(data), size);
  size_t at = 0;
  while (at + 512 <= tar.size()) {
    tar.replace(at + 148, 8, 8, ' ');
    unsigned long sum = 0;
    for (size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(tar[at + i]);
    char text[8];
    std::snprintf(text, sizeof text, "%06lo", sum);
    tar.replace(at + 148, 7, std::string(text, 7));
    const unsigned long long content = std::strtoull(tar.substr(at + 124, 11).c_str(), nullptr, 8);
    if (content > tar.size()) break;
    at += 512 + (content + 511) / 512 * 512;
  }
  return tar;
}

}  // namespace bulkhead::storage
