#include "guest/core/preface_watch.hpp"

#include <algorithm>

namespace bulkhead::guest {
namespace {

constexpr uint32_t kMarkAsLength = 'P' << 16 | 'R' << 8 | 'I';

size_t skip(size_t& left, size_t available) {
  size_t step = std::min(left, available);
  left -= step;
  return step;
}

}  // namespace

std::optional<size_t> PrefaceWatch::follow(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    if (preface_left_ > 0) {
      at += skip(preface_left_, bytes.size() - at);
    } else if (payload_left_ > 0) {
      at += skip(payload_left_, bytes.size() - at);
    } else {
      if (header_have_ < 3) length_ = length_ << 8 | static_cast<uint8_t>(bytes[at]);
      at++;
      header_have_++;
      if (header_have_ == 3 && length_ == kMarkAsLength) {
        *this = PrefaceWatch();
        preface_left_ -= kMark.size();
        return at;
      }
      if (header_have_ < kFrameHeaderSize) continue;
      payload_left_ = length_;
      header_have_ = 0;
      length_ = 0;
    }
  }
  return std::nullopt;
}

}  // namespace bulkhead::guest
