// The frames of a process's output: `type u8, 0, 0, 0, length u32 big-endian, bytes`. They are
// Docker's, so that the host can hand them on to an attached client without rewriting a byte.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bulkhead::guest {

enum class OutputKind : uint8_t { kStdout = 1, kStderr = 2 };

inline constexpr size_t kOutputHeaderSize = 8;

inline void put_output_header(uint8_t* at, OutputKind kind, uint32_t length) {
  at[0] = static_cast<uint8_t>(kind);
  at[1] = at[2] = at[3] = 0;
  at[4] = static_cast<uint8_t>(length >> 24);
  at[5] = static_cast<uint8_t>(length >> 16);
  at[6] = static_cast<uint8_t>(length >> 8);
  at[7] = static_cast<uint8_t>(length);
}

}  // namespace bulkhead::guest
