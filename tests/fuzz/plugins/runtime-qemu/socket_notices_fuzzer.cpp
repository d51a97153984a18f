// A guest that tells anything at all of its connections.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "socket_notices.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace bulkhead::qemu;
  size_t seen = 0;
  SocketNotices notices([&](const SocketNotice& notice) {
    if (notice.socket > INT64_MAX || notice.connection > INT64_MAX) std::abort();
    ++seen;
  });
  const size_t piece = size == 0 ? 1 : 1 + data[0] % 40;
  bool alive = true;
  for (size_t at = 0; at < size; at += piece) {
    const size_t before = seen;
    const bool fed = notices.feed({data + at, std::min(piece, size - at)}).has_value();
    if (!alive && (fed || seen != before)) std::abort();  // broken once is broken for good
    alive = fed;
  }
  return 0;
}
