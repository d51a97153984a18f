#include "bulkhead/stream_frame.hpp"

namespace bulkhead {
namespace {

constexpr size_t kCompactAt = 64 << 10;

void append_one(std::string& out, StreamType type, std::string_view body) {
  const auto length = static_cast<uint32_t>(body.size());
  out.push_back(static_cast<char>(type));
  out.append(3, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(length >> shift));
  out += body;
}

uint32_t length_of(std::string_view header) {
  uint32_t length = 0;
  for (size_t i = 4; i < kStreamFrameHeader; i++) {
    length = length << 8 | static_cast<unsigned char>(header[i]);
  }
  return length;
}

}  // namespace

void append_stream_frames(std::string& out, StreamType type, std::string_view bytes) {
  do {
    append_one(out, type, bytes.substr(0, kLargestStreamBody));
    bytes.remove_prefix(std::min(bytes.size(), kLargestStreamBody));
  } while (!bytes.empty());
}

void StreamFrameDecoder::feed(std::string_view bytes) {
  buffer_ += bytes;
}

Result<std::optional<StreamFrame>> StreamFrameDecoder::next() {
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  if (rest.size() < kStreamFrameHeader) return std::optional<StreamFrame>();
  const uint32_t length = length_of(rest);
  const auto type = static_cast<unsigned char>(rest[0]);
  if (type > static_cast<unsigned char>(StreamType::kControl) || rest[1] != 0 || rest[2] != 0 ||
      rest[3] != 0 || length > kLargestStreamBody) {
    return fail(Code::kCorrupt, "the peer's bytes are not stream frames");
  }
  if (rest.size() - kStreamFrameHeader < length) return std::optional<StreamFrame>();
  StreamFrame frame{static_cast<StreamType>(type),
                    std::string(rest.substr(kStreamFrameHeader, length))};
  begin_ += kStreamFrameHeader + length;
  if (begin_ == buffer_.size() || begin_ > kCompactAt) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  return std::optional<StreamFrame>(std::move(frame));
}

}  // namespace bulkhead
