// Notices that another host has begun to talk on the same port.
//
// A VM that is cloned while its host was connected resumes in the middle of an HTTP/2 session, and
// the new host begins with a connection preface; no end-of-file tells the two apart. The preface
// starts with "PRI", which at the place of a frame's header would be a length of 5 MB, far above
// the 16 KB this side allows: so "PRI" at a frame's boundary, and only there, can't be anything but
// a new session. Inside a frame's payload it is data and is left alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bulkhead::guest {

class PrefaceWatch {
 public:
  static constexpr std::string_view kMark = "PRI";
  static constexpr size_t kPrefaceSize = 24;
  static constexpr size_t kFrameHeaderSize = 9;

  // Follows the next bytes of the stream. The answer is the offset just behind a new session's
  // mark: the bytes from there on belong to it, and the watch follows it already from its preface
  // on; call again with what is left.
  std::optional<size_t> follow(std::string_view bytes);

 private:
  size_t preface_left_ = kPrefaceSize;  // of the preface that opens a session
  size_t payload_left_ = 0;             // of the frame at hand
  size_t header_have_ = 0;              // of the next frame's header
  uint32_t length_ = 0;
};

}  // namespace bulkhead::guest
