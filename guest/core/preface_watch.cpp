#include "guest/core/preface_watch.hpp"

#include <algorithm>

namespace bulkhead::guest {
namespace {

constexpr size_t kMarkSize = 3;
constexpr uint32_t kMarkAsLength = 'P' << 16 | 'R' << 8 | 'I';

}  // namespace

size_t PrefaceWatch::search(std::string_view bytes) {
  for (size_t at = 0; at < bytes.size(); at++) {
    // What matched so far may end in the beginning of another try: in "HTTP" the last letter, and
    // nothing longer.
    while (matched_ > 0 && bytes[at] != kPreface[matched_])
      matched_ = matched_ > 1 && kPreface[matched_ - 1] == 'P' ? 1 : 0;
    if (bytes[at] == kPreface[matched_]) matched_++;
    if (matched_ < kPreface.size()) continue;
    *this = PrefaceWatch();
    searching_ = false;
    return at + 1;
  }
  return bytes.size();
}

size_t PrefaceWatch::follow(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    if (payload_left_ > 0) {
      size_t step = std::min(payload_left_, bytes.size() - at);
      payload_left_ -= step;
      at += step;
      continue;
    }
    if (header_have_ < kMarkSize) length_ = length_ << 8 | static_cast<uint8_t>(bytes[at]);
    at++;
    header_have_++;
    if (header_have_ == kMarkSize && length_ == kMarkAsLength) {
      *this = PrefaceWatch();
      matched_ = kMarkSize;
      return at;
    }
    if (header_have_ < kFrameHeaderSize) continue;
    payload_left_ = length_;
    header_have_ = 0;
    length_ = 0;
  }
  return bytes.size();
}

}  // namespace bulkhead::guest
