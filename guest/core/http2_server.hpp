// One HTTP/2 session, without I/O: bytes in, bytes out, requests to a handler.
//
// nghttp2 does the protocol; this class gives its callbacks the two shapes the guest needs. A plain
// exchange is a body and an answer. A process's exchange belongs to a StreamOwner: its input is
// handed over as it comes and given back to the flow-control window only when the owner has got rid
// of it, and its output is fetched from the owner only when the host's window has room. So neither
// direction is ever buffered here: what the host doesn't take stays in the kernel's pipes.
//
// The connection's window is given back at once, so that processes that don't read their stdin
// can't starve the requests about them; what is then held per process is bounded by its own
// stream's window.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"

struct nghttp2_session;

namespace bulkhead::guest {

using StreamId = int32_t;
using Headers = std::vector<std::pair<std::string, std::string>>;

inline constexpr int32_t kStreamWindow = 1 << 20;
inline constexpr int32_t kConnectionWindow = 16 << 20;
inline constexpr uint32_t kMaxStreams = 1024;

class StreamOwner {
 public:
  enum class Then { kMore, kWait, kEnd };
  struct Output {
    size_t size;
    Then then;  // kWait: nothing now, Http2Server::resume() will be called; kEnd: the trailers
                // follow
  };

  virtual ~StreamOwner() = default;
  virtual void take_input(std::string_view bytes) = 0;
  virtual void end_input() = 0;
  virtual Output fill_output(std::span<uint8_t> space) = 0;
  virtual Headers trailers() = 0;
  // Input is wanted after the last output, too: the stream's two directions end apart.
  virtual bool takes_input_after_output() const { return false; }
  // The stream is over, by its end, a reset, or the session's loss. Nothing is called after this.
  virtual void detach() = 0;
};

class RequestHandler {
 public:
  virtual ~RequestHandler() = default;
  virtual void request(StreamId stream, std::string_view method, std::string_view path) = 0;
  // Until the stream has an owner. Answers how many of the bytes it is through with; the rest is
  // the new owner's.
  virtual size_t body(StreamId stream, std::string_view bytes) = 0;
  virtual void body_end(StreamId stream) = 0;
  virtual void closed(StreamId stream) = 0;
};

class Http2Server {
 public:
  explicit Http2Server(RequestHandler& handler);
  ~Http2Server();
  Http2Server(const Http2Server&) = delete;
  Http2Server& operator=(const Http2Server&) = delete;

  // Bytes from the host. An error ends the session.
  Status feed(std::string_view bytes);
  // Fills space with bytes for the host; 0 if there are none now.
  size_t take_output(std::span<uint8_t> space);
  // Both sides are through with the session.
  bool over() const;

  void respond(StreamId stream, int status, std::string body);
  void respond_error(StreamId stream, const Error& error);
  // 200 with these headers, then the owner's output, then its trailers.
  void respond_from_owner(StreamId stream, Headers headers);

  void set_owner(StreamId stream, StreamOwner* owner);
  void resume(StreamId stream);
  // The owner has got rid of that many bytes of input.
  void consumed(StreamId stream, size_t bytes);

 private:
  struct Stream {
    std::string method, path;
    std::string answer;
    size_t answered = 0;
    StreamOwner* owner = nullptr;
  };
  struct Callbacks;
  friend struct Callbacks;

  Stream* find(StreamId id);

  RequestHandler& handler_;
  nghttp2_session* session_ = nullptr;
  std::unordered_map<StreamId, Stream> streams_;
  std::string_view
      unsent_;  // of a frame that didn't fit; nghttp2 keeps it until the next one is asked for
};

}  // namespace bulkhead::guest
