// The frames of an attach connection and of the log stream: Docker's, so that one code path serves
// its clients too.
//
//     u8 type, 0, 0, 0, u32 length of the body, big-endian, body       the body is at most 64 KiB
//
// What the types mean in which direction stands in sdk/schema/METHODS.md, "The attach connection".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead {

enum class StreamType : uint8_t { kStdin = 0, kStdout = 1, kStderr = 2, kControl = 3 };

inline constexpr size_t kStreamFrameHeader = 8;
inline constexpr size_t kLargestStreamBody = 64u << 10;

struct StreamFrame {
  StreamType type = StreamType::kStdin;
  std::string body;
};

// Appends `bytes` as one frame, or as several if they don't fit into one. No bytes are one empty
// frame (the end of stdin).
void append_stream_frames(std::string& out, StreamType type, std::string_view bytes);

class StreamFrameDecoder {
 public:
  void feed(std::string_view bytes);
  // The next whole frame; nothing if more bytes are needed. An unknown type, a padding that isn't
  // zero and a body that is too long are kCorrupt, for ever: the stream can't be resynchronised.
  Result<std::optional<StreamFrame>> next();
  // True if the stream may end here.
  bool at_boundary() const { return begin_ == buffer_.size(); }

 private:
  std::string buffer_;
  size_t begin_ = 0;  // of the next frame in buffer_
};

}  // namespace bulkhead
