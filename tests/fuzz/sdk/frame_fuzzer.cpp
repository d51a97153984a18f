// Whatever comes: the decoder gives frames within the limits or fails for ever, however the bytes
// are cut; and what it gives encodes to the bytes it was made of.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "bulkhead/frame.hpp"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

// All frames until the bytes or the decoder's patience end, joined again.
std::string decode(std::string_view bytes, size_t step) {
  bulkhead::FrameDecoder decoder;
  std::string again;
  for (size_t at = 0; at < bytes.size(); at += step) {
    decoder.feed(bytes.substr(at, step));
    while (true) {
      const auto frame = decoder.next();
      if (!frame) {
        check(!decoder.next());
        return again;
      }
      if (!*frame) break;
      check((*frame)->body.size() <= bulkhead::kLargestFrameBody && (*frame)->fds.empty());
      again += bulkhead::encode_frame((*frame)->kind, (*frame)->op, (*frame)->body);
    }
  }
  return again;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = decode(bytes, bytes.size() + 1);
  check(bytes.starts_with(whole));
  check(decode(bytes, data[0] % 37 + 1) == whole);
  return 0;
}
