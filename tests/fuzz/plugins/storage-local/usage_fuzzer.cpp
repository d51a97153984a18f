// A volume's superblock, written by whoever had the volume: it says a number that fits its size, or
// nothing.
#include <cstdlib>

#include "ext4_usage.hpp"

using namespace bulkhead::storage;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto used = used_bytes({reinterpret_cast<const std::byte*>(data), size});
  if (used && *used > uint64_t{1} << 60) std::abort();
  return 0;
}
