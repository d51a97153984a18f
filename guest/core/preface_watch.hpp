// Finds where a host begins to talk on a port that outlives its hosts.
//
// An HTTP/2 client begins with a fixed preface. Between sessions everything up to the next preface
// is skipped: it is what a former host had sent last. Within a session a new one may begin without
// any end-of-file: a VM that is cloned while its host was connected resumes in the middle of a
// session, and the new host starts afresh. The preface starts with "PRI", which at the place of a
// frame's header would be a length of 5 MB, far above the 16 KB this side allows: so "PRI" at a
// frame's boundary, and only there, can't be anything but a new session. Inside a frame's payload
// it is data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bulkhead::guest {

class PrefaceWatch {
 public:
  static constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  static constexpr size_t kFrameHeaderSize = 9;

  // No session is going on; a preface is looked for.
  bool is_searching() const { return searching_; }

  // While searching: how many bytes are used up. If that ends the search, a session begins, its
  // preface used up with them.
  size_t search(std::string_view bytes);

  // Within a session: how many bytes belong to it. Fewer than all only if another one seems to
  // begin: then it searches.
  size_t follow(std::string_view bytes);

 private:
  bool searching_ = true;
  size_t matched_ = 0;       // of the preface
  size_t payload_left_ = 0;  // of the frame at hand
  size_t header_have_ = 0;   // of the next frame's header
  uint32_t length_ = 0;
};

}  // namespace bulkhead::guest
