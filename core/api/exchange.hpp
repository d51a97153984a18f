// One request and its answer, as a route handler sees them. The connection behind it may vanish at
// any time; a handler never notices unless it asked to (on_closed), and everything it does to a
// vanished connection is a no-op.
//
// An exchange is answered exactly once: reply() or fail() for whole answers; begin(), write()...,
// end() or abort() for streams; hand_over() to give the connection itself away (attach, exec,
// save), after which the daemon never touches it again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "http/message.hpp"

namespace bulkhead::api {

using Json = nlohmann::json;

class Exchange {
 public:
  virtual ~Exchange() = default;

  const Head& head() const { return head_; }
  const Target& target() const { return target_; }
  const std::string& param(const std::string& name) const { return params_.at(name); }
  const Json& body() const { return body_; }
  // The journal's actor: the peer's credentials and the program it calls itself.
  const Json& actor() const { return actor_; }

  // The descriptor that came with the request, or the read end of a pipe that its body is pumped
  // into.
  UniqueFd take_fd() { return std::move(fd_); }
  bool has_fd() const { return static_cast<bool>(fd_); }
  bool wants_upgrade() const { return head_.field("upgrade") == "bulkhead-stream"; }

  // From 400 on the body is a problem document.
  virtual void reply(int status, const Json& body) = 0;
  virtual void fail(const Error& error) = 0;
  void answer(const Result<Json>& result, int status = 200) {
    if (result) {
      reply(status, *result);
    } else {
      fail(result.error());
    }
  }

  virtual void begin(int status, const std::string& content_type) = 0;
  virtual void write(std::string bytes) = 0;
  virtual void end() = 0;
  // Closes instead, so that the client sees that the answer isn't whole.
  virtual void abort() = 0;
  virtual size_t queued() const = 0;                            // bytes the client hasn't taken yet
  virtual void on_drained(std::function<void()> callback) = 0;  // called when queued() falls to 0
  virtual void on_closed(
      std::function<void()> callback) = 0;  // the client went away before the end

  // Sends `head` and releases the connection. kUnavailable if the client is gone.
  virtual Result<UniqueFd> hand_over(const std::string& head) = 0;

 protected:
  friend class Router;
  Head head_;
  Target target_;
  std::map<std::string, std::string> params_;
  Json body_ = Json::object();
  Json actor_ = Json::object();
  UniqueFd fd_;
};

using ExchangePtr = std::shared_ptr<Exchange>;

}  // namespace bulkhead::api
