// The host's end of the guest protocol (guest/PROTOCOL.md) as a machine without I/O: bytes in by
// feed(), bytes out by take_output(), and one H2Exchange per request.
//
// The guest is hostile. What a lying guest can make this object hold is bounded: HTTP/2's framing
// is nghttp2's, which limits header blocks, queued acknowledgements and continuations; only a few
// short header fields are kept; a stream's body is limited by its window, which only the exchange's
// owner reopens with consume(). The connection's window is reopened at once, so that one stalled
// stream never starves the others. Whatever breaks HTTP/2 fails feed() or the take_output() after
// it; the owner then gives the guest up.
//
// Exchanges are called from within feed() and take_output(). They may open, resume, consume and
// abandon there; they may not destroy the client.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

struct nghttp2_session;

namespace bulkhead::qemu {

// The fields of a response or its trailers that this protocol knows; any other is dropped unread.
struct H2Fields {
  int status = 0;                                               // of a response; 0 in trailers
  std::vector<std::pair<std::string, std::string>> extensions;  // x-...

  // The field's value as a whole decimal number; nothing if it is missing or no number.
  std::optional<int64_t> number(std::string_view name) const;
};

// One request and what comes back. The owner keeps it alive until on_end() or abandon().
class H2Exchange {
 public:
  struct Pulled {
    size_t bytes = 0;  // 0 and not the end: nothing now, resume() will tell
    bool end = false;
  };

  virtual ~H2Exchange() = default;
  virtual Pulled pull_body(std::span<uint8_t> into) = 0;
  virtual void on_response(const H2Fields& fields) = 0;
  virtual void on_body(std::span<const uint8_t> bytes) = 0;
  virtual void on_trailers(const H2Fields& fields) = 0;
  // A tunnel's two directions end each for itself: here the guest's has, and the request goes on
  // until its own end. False, as for any other request: what the guest has answered in full is
  // over.
  virtual bool on_answer_end() { return false; }
  // The last call: the guest ended the stream, or why it can't any more.
  virtual void on_end(const Status& how) = 0;
};

class H2Client {
 public:
  static constexpr uint32_t kStreamWindow = 1 << 20;
  static constexpr int32_t kConnectionWindow = 16 << 20;
  static constexpr size_t kFrameSize = 64 << 10;

  H2Client();
  ~H2Client();
  H2Client(const H2Client&) = delete;
  H2Client& operator=(const H2Client&) = delete;

  // Begins a request; its stream id is positive.
  Result<int32_t> open(std::string_view method, std::string_view path, H2Exchange& exchange);
  // pull_body() has something again.
  void resume(int32_t stream);
  // The owner is done with so many bytes of on_body(): the guest may send as many more.
  void consume(int32_t stream, size_t bytes);
  // Resets the stream; its exchange is never called again. Unknown streams are ignored.
  void abandon(int32_t stream);

  Status feed(std::span<const uint8_t> bytes);
  // Appends what is to be sent until `out` holds about `limit` bytes or there is no more.
  Status take_output(std::string& out, size_t limit);
  // The transport is gone: every exchange ends with this error.
  void fail_all(const Error& why);

  size_t open_streams() const { return exchanges_.size(); }

 private:
  struct Callbacks;

  void answer_ended(int32_t stream);
  void end(int32_t stream, const Status& how);

  std::unique_ptr<nghttp2_session, void (*)(nghttp2_session*)> session_;
  std::map<int32_t, H2Exchange*> exchanges_;
  std::string verdict_;  // why nothing more can come of this connection; empty as long as it can
  H2Fields incoming_;    // of the header block being received; HTTP/2 allows one at a time
};

}  // namespace bulkhead::qemu
