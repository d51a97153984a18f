// One request to a registry, and everything that may happen on the way to its answer: mirrors that
// don't have it, a token that is missing or expired, a redirect to a blob store, a server that is
// busy, a connection that is cut.
//
//     for each endpoint (mirrors, then the registry):
//       attempt -> 2xx         done
//               -> 401         get a token or a password for the challenge, attempt again; twice
//               -> 3xx         (GET and HEAD) follow up to five hops; never from https to http,
//                              and without Authorization to any other host
//               -> 408 429 5xx, or a cut
//                              a mirror: the next endpoint. The registry: wait, attempt again
//               -> else        a mirror: the next endpoint. The registry: that is the answer
//
// A body that was cut is the handler's to go on with: `prepare` is asked before each attempt.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "authorizations.hpp"
#include "endpoint.hpp"
#include "http_client.hpp"
#include "retry.hpp"

namespace bulkhead::registry {

// What all calls share.
struct Connections {
  Connections(loop::Loop& on, std::string user_agent, Settings from, FindLogin find_login)
      : loop(on),
        settings(std::move(from)),
        http(loop, std::move(user_agent)),
        authorizations(*this, std::move(find_login)) {}

  loop::Loop& loop;
  Settings settings;
  HttpClient http;
  Authorizations authorizations;
};

class RegistryCall {
 public:
  struct Request {
    std::string what;  // for sentences: "the manifest of web:latest"
    std::string method = "GET";
    std::string path;  // "/v2/...", or a whole URL, where a registry has said so
    std::vector<std::string> headers;
    std::string body;
    std::vector<Endpoint> endpoints;  // at least one
    std::vector<Scope> scopes;
    bool authorized = true;     // false: not by what is known of the endpoint, but with this:
    std::string authorization;  // may be empty; like the other it goes to this host only
  };
  struct Handler {
    std::function<void(HttpRequest&)> prepare;                      // may be empty
    std::function<Status(const HttpHead&)> head;                    // of a 2xx; may be empty
    std::function<Result<HttpCall::Taken>(std::string_view)> body;  // of a 2xx; empty: read and
                                                                    // forget
    std::function<void(uint64_t)> sent;                             // may be empty
    std::function<void(const std::string& why)> waiting;  // before another try; may be empty
    // The head of the 2xx, or why there was none. May destroy the call.
    std::function<void(Result<HttpHead>)> done;
    // What only passes is told, too, instead of tried again: the next try needs another question.
    bool once = false;
  };

  RegistryCall(Connections& connections, Request request, Handler handler);
  ~RegistryCall();
  RegistryCall(const RegistryCall&) = delete;
  RegistryCall& operator=(const RegistryCall&) = delete;

  // The body goes on after Taken::kPause.
  void resume();
  // Of the last response; `done` may look at it.
  const HttpHead& head() const { return head_; }
  // Bytes came or went that hadn't before: the failures so far don't count any more.
  void progressed(uint64_t bytes) { policy_.brought(bytes); }

 private:
  void attempt();
  void go_to(const std::string& url);
  void send(const std::string& url, const Transport& transport, bool with_authorization);
  Status begin_body(const HttpHead& head);
  Result<HttpCall::Taken> take(std::string_view bytes);
  void ended(const HttpFailure* failure);
  void answered();
  void unauthorized();
  void redirected();
  void refused();
  // Another endpoint, another try, or the end with this error.
  void failed(Error error, bool passing);
  void finish(Result<HttpHead> result);
  Error refusal() const;
  const Endpoint& endpoint() const { return request_.endpoints[endpoint_]; }

  Connections& connections_;
  Request request_;
  Handler handler_;
  RetryPolicy policy_;
  loop::Timer timer_;
  std::unique_ptr<HttpCall> call_;
  size_t endpoint_ = 0;
  std::string url_;  // of the hop under way
  int hops_ = 0;
  int challenges_ = 0;  // answered in a row without a 2xx
  std::string authorization_;
  HttpHead head_;
  std::string refusal_;  // the body of what isn't 2xx
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// 2xx
bool is_success(int status);

}  // namespace bulkhead::registry
