// A guest's end of the protocol for tests: an nghttp2 server without I/O that records requests and
// answers as told.
//
// It is built on nghttp2 and not on our client's code, so that what both sides agree on is HTTP/2
// and not our mistakes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct nghttp2_session;

namespace bulkhead::qemu::test {

using FieldList = std::vector<std::pair<std::string, std::string>>;

struct GuestRequest {
  int32_t stream = 0;
  std::string method;
  std::string path;
  std::string body;
  bool complete = false;  // END_STREAM seen
  bool reset = false;     // the host abandoned it
  uint32_t reset_code = 0;
};

class FakeGuest {
 public:
  // With `auto_window` false, request bodies stop at the stream's window until release() is called.
  explicit FakeGuest(bool auto_window = true);
  ~FakeGuest();

  // False if the bytes weren't HTTP/2.
  bool feed(std::string_view bytes);
  std::string take_output();

  std::vector<GuestRequest>& requests() { return requests_; }
  GuestRequest* find(std::string_view path);

  // A whole answer.
  void answer(int32_t stream, int status, std::string_view body);
  // A streamed one: head, any number of bodies, trailers.
  void begin(int32_t stream, int status, const FieldList& fields = {});
  void send(int32_t stream, std::string_view bytes);
  void end(int32_t stream, const FieldList& trailers);
  void end_without_trailers(int32_t stream);
  void reset(int32_t stream);
  void goaway();
  void release(int32_t stream, size_t bytes);

 private:
  struct Body {
    std::string bytes;
    size_t sent = 0;
    bool ended = false;
    bool has_trailers = false;
    FieldList trailers;
  };
  struct Callbacks;

  GuestRequest& request(int32_t stream);

  std::unique_ptr<nghttp2_session, void (*)(nghttp2_session*)> session_;
  std::vector<GuestRequest> requests_;
  std::map<int32_t, Body> bodies_;
};

// An output frame of a process: type, three zeros, length, bytes.
std::string output_frame(uint8_t type, std::string_view bytes);

}  // namespace bulkhead::qemu::test
