// The wire between the daemon and a plugin host: frames on a Unix stream socket.
//
//     u32 length of the body, little-endian    at most 16 MiB
//     u8  kind
//     u8  number of descriptors                at most 16; they travel by SCM_RIGHTS with the
//                                              frame's first byte
//     u16 0
//     u64 operation, little-endian             0 where none is meant
//     body
//
// Length first, so that a reader knows what to wait for without knowing the kind; binary, so that a
// body that is JSON already isn't wrapped into JSON again, and the host can pass a request on
// without parsing it. The count of descriptors stands in the frame because the kernel delivers them
// beside a *read*, which may span several frames.
//
// Whoever sees a frame that breaks these rules closes the connection; there is no way to find the
// next frame's start. A kind that isn't known is no such breach: it comes from a newer peer and is
// skipped.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead {

// "Report": the body begins with u64 number, little-endian, counted from 1 for the life of the
// host. The host keeps a report until it is acknowledged and sends it again on each new connection,
// so the end of a daemon loses none.
enum class FrameKind : uint8_t {
  // Both directions, first on each connection. Body: JSON (core/plugins/messages.hpp).
  kHello = 1,

  // Daemon to host.
  kStart = 2,   // body: the plugin's config. Answered by kStarted
  kSubmit = 3,  // op; body: method, a zero byte, the request. Always answered by kComplete
  kCancel = 4,  // op
  kStop = 5,    // stop the plugin, send what is left, answer kStopped, exit
  kAck = 6,     // op: the number of a report that needn't be kept any more
  kPing = 7,    // op: any number. Answered by kPong, from the thread that calls the plugin

  // Host to daemon.
  kStarted = 16,   // body: empty, or an error if the plugin refused to start
  kComplete = 17,  // op; report; u8 1 and the result, or u8 0 and an error
  kEmit = 18,      // report; event type, a zero byte, the event's JSON
  kLog = 19,       // op; u8 level, text
  kProgress = 20,  // op; body: JSON. Dropped while the connection is slow
  kPong = 21,      // op as in kPing
  kStopped = 22,   // nothing follows
};

inline constexpr size_t kFrameHeader = 16;
inline constexpr size_t kLargestFrameBody = 16u << 20;

struct Frame {
  FrameKind kind = FrameKind::kHello;
  uint64_t op = 0;
  std::string body;
  std::vector<UniqueFd> fds;
};

// Header and body; whoever sends it sends `fd_count` descriptors with its first byte.
std::string encode_frame(FrameKind kind, uint64_t op, std::string_view body, size_t fd_count = 0);

// Bytes in as they come, frames out. After an error the decoder stays failed.
class FrameDecoder {
 public:
  void feed(std::string_view bytes, std::vector<UniqueFd> fds = {});
  // The next whole frame; nothing if more bytes are needed.
  Result<std::optional<Frame>> next();

 private:
  std::string buffer_;
  size_t begin_ = 0;  // of the next frame in buffer_
  std::deque<UniqueFd> fds_;
  std::optional<Error> broken_;
};

}  // namespace bulkhead
