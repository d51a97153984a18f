// HTTP/1.1 as a client: libcurl's multi interface on our loop. One HttpCall is one request and its
// response, without redirects, retries or authorization: those are decisions, and are made where
// they can be tested (registry_call.hpp).
//
// HTTP/1.1 even where HTTP/2 is spoken: blobs are few and large, a connection each keeps a paused
// one from holding up the others.
//
// Rules. All on the loop's thread. A handler's `head` and `body` are called from within libcurl and
// must not destroy the call; `done` comes last, from the loop, and may. Destroying a call ends its
// transfer without a word. A response whose headers have more than 256 KiB is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "core/loop/handles.hpp"

namespace bulkhead::registry {

// How a host is reached: what registries.toml says of it.
struct Transport {
  std::string ca_file, certificate, key;
  bool insecure = false;
  std::string proxy;         // instead of the environment's
  bool no_proxy = false;     // none, whatever the environment says
  long connect_ms = 10'000;  // until a connection stands
  long stall_s = 30;         // hardly a byte for so long ends the transfer
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;                  // of a POST or PUT
  int file = -1;                     // instead: file_bytes of it from file_offset on
  uint64_t file_offset = 0, file_bytes = 0;
  Transport transport;
};

struct HttpHead {
  int status = 0;
  std::map<std::string, std::string> fields;  // names in lower case

  const std::string& field(const std::string& name) const;
};

// Why there was no whole response.
struct HttpFailure {
  Error error;
  bool worth_another_try = false;  // a cut, a stall, a refused connection; not a bad
                                   // certificate, nor a name that nobody knows: that is a typo, or
                                   // a machine without a network, and whoever waits wants to know
};

class HttpClient;

class HttpCall {
 public:
  enum class Taken { kAll, kPause };  // kPause: nothing was taken; it comes again after resume()
  struct Handler {
    std::function<Status(const HttpHead&)> head;  // once, before any body; an error ends the call
    std::function<Result<Taken>(std::string_view)> body;
    std::function<void(uint64_t sent)> sent;       // bytes of `file`; may be empty
    std::function<void(const HttpFailure*)> done;  // null: the response is whole
  };
  HttpCall(HttpClient& client, const HttpRequest& request, Handler handler);
  ~HttpCall();
  HttpCall(const HttpCall&) = delete;
  HttpCall& operator=(const HttpCall&) = delete;

  void resume();

 private:
  friend class HttpClient;
  class Transfer;
  std::unique_ptr<Transfer> transfer_;
};

class HttpClient {
 public:
  HttpClient(loop::Loop& loop, std::string user_agent);
  ~HttpClient();  // no call may be left
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

 private:
  friend class HttpCall;
  struct Multi;
  std::unique_ptr<Multi> multi_;
};

}  // namespace bulkhead::registry
