#include "guest_output.hpp"

#include <algorithm>

namespace bulkhead::qemu {

Status GuestOutput::feed(std::span<const uint8_t> bytes) {
  while (!bytes.empty() && !broken_) {
    if (remaining_ > 0) {
      const size_t take = std::min<size_t>(remaining_, bytes.size());
      remaining_ -= static_cast<uint32_t>(take);
      piece_(stream_, {reinterpret_cast<const char*>(bytes.data()), take});
      bytes = bytes.subspan(take);
      continue;
    }
    header_[header_bytes_++] = bytes.front();
    bytes = bytes.subspan(1);
    if (header_bytes_ == sizeof header_) {
      if (auto taken = take_header(); !taken) return taken;
    }
  }
  if (broken_) return fail(Code::kCorrupt, "the guest sent output that isn't framed");
  return {};
}

Status GuestOutput::take_header() {
  header_bytes_ = 0;
  broken_ = (header_[0] != 1 && header_[0] != 2) || header_[1] || header_[2] || header_[3];
  if (broken_) return fail(Code::kCorrupt, "the guest sent output that isn't framed");
  stream_ = header_[0] == 1 ? LogStream::kStdout : LogStream::kStderr;
  remaining_ = uint32_t{header_[4]} << 24 | uint32_t{header_[5]} << 16 | uint32_t{header_[6]} << 8 |
               uint32_t{header_[7]};
  return {};
}

}  // namespace bulkhead::qemu
