// The host's side of guest/PROTOCOL.md for tests: an HTTP/2 client without I/O, and a way to drive
// it over a descriptor.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

struct nghttp2_session;

namespace bulkhead::guest::test {

struct Reply {
  int status = 0;
  std::map<std::string, std::string> headers;  // and trailers
  std::string body;
  bool closed = false;
  uint32_t reset = 0;

  // The output frames of the body, taken apart.
  std::string output(uint8_t kind) const;
  std::string out() const { return output(1); }
  std::string err() const { return output(2); }
  int exit_code() const {
    return headers.contains("x-exit-code") ? std::stoi(headers.at("x-exit-code")) : -1;
  }
};

class HostClient {
 public:
  HostClient();
  ~HostClient();
  HostClient(const HostClient&) = delete;
  HostClient& operator=(const HostClient&) = delete;

  // end: the body is complete.
  int32_t request(const std::string& method, const std::string& path, std::string body, bool end);
  void send(int32_t stream, std::string_view bytes);
  void finish(int32_t stream);
  void reset(int32_t stream);
  // As long as this is false, what arrives isn't given back to the guest's window.
  void set_reading(bool reading);
  const Reply& reply(int32_t stream) { return streams_[stream].reply; }

  bool feed(std::string_view bytes);
  std::string take_output();

  using Condition = std::function<bool()>;
  // Carries bytes both ways until the condition holds; false if the time or the other side ends
  // first.
  bool drive(int fd, const Condition& condition, std::chrono::milliseconds limit);

 private:
  struct Stream {
    std::string unsent;
    bool finished = false;
    bool deferred = false;
    size_t unread = 0;
    Reply reply;
  };
  struct Callbacks;

  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Stream> streams_;
  bool reading_ = true;
  std::string pending_;  // written to the descriptor only in part
};

// A Process body: length, JSON, and what follows.
std::string process_body(std::string_view json, std::string_view input = {});

}  // namespace bulkhead::guest::test
