// From paths to the backend's functions: the table of guest/PROTOCOL.md.
//
// A request's body is collected up to 1 MiB and answered at its end. The one exception is a
// process, whose body is `length, JSON, stdin`: the process starts when the JSON is complete, and
// the stream then belongs to it. A socket's stream belongs to the socket from its first byte on.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "guest/core/backend.hpp"
#include "guest/core/http2_server.hpp"

namespace bulkhead::guest {

inline constexpr size_t kBodyLimit = 1 << 20;

class Router final : public RequestHandler {
 public:
  explicit Router(Backend& backend) : backend_(backend) {}
  // The session whose requests come next.
  void serve(Http2Server* server) { server_ = server; }

  void request(StreamId stream, std::string_view method, std::string_view path) override;
  size_t body(StreamId stream, std::string_view bytes) override;
  void body_end(StreamId stream) override;
  void closed(StreamId stream) override { exchanges_.erase(stream); }

 private:
  enum class Route {
    kPing,
    kContainer,
    kStart,
    kSignal,
    kResize,
    kStatistics,
    kKernelLog,
    kTouch,
    kReset,
    kShutdown
  };
  struct Exchange {
    Route route;
    std::string process;
    std::string body;
  };

  static Result<Exchange> route(std::string_view method, std::string_view path);
  static Result<Exchange> route_process(std::string_view method, std::string_view rest);
  Result<std::string> answer(const Exchange& exchange);
  Result<StreamOwner*> socket_stream(std::string_view method, std::string_view rest, Caller caller);
  size_t start_if_complete(StreamId stream, Exchange& exchange);
  Result<StreamOwner*> start(StreamId stream, const std::string& id, std::string_view json);
  void refuse(StreamId stream, const Error& error);

  Backend& backend_;
  Http2Server* server_ = nullptr;
  std::unordered_map<StreamId, Exchange> exchanges_;
};

}  // namespace bulkhead::guest
