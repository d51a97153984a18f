// Integers of the wire, byte by byte: the same on every host, aligned or not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bulkhead {

template <class T>
void put_le(std::string& out, T value) {
  for (size_t i = 0; i < sizeof(T); i++) {
    out.push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * i)));
  }
}

// `bytes` must hold sizeof(T) bytes from `at` on.
template <class T>
T get_le(std::string_view bytes, size_t at = 0) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); i++) {
    value |= uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return static_cast<T>(value);
}

}  // namespace bulkhead
