// The client's bytes after an upgrade: frames within the limits or an error, however they are cut.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "bulkhead/stream_frame.hpp"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

std::string decode(std::string_view bytes, size_t step) {
  bulkhead::StreamFrameDecoder decoder;
  std::string again;
  for (size_t at = 0; at < bytes.size(); at += step) {
    decoder.feed(bytes.substr(at, step));
    while (true) {
      const auto frame = decoder.next();
      if (!frame) return again;
      if (!*frame) break;
      check((*frame)->body.size() <= bulkhead::kLargestStreamBody);
      bulkhead::append_stream_frames(again, (*frame)->type, (*frame)->body);
    }
  }
  check(decoder.at_boundary() == (again.size() == bytes.size()));
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
