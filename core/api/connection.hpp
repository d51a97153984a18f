// One client connection: reads requests, runs their handlers one after the other, writes the
// answers.
//
//     head -> (body into memory | body into a pipe) -> handler -> answer -> next head, or close, or
//     handed over
//
// Foreign bytes end here: limits, malformed requests and handlers' exceptions become problem
// documents. While a handler works the connection goes on reading, so that it notices a client that
// leaves; what a client pipelines meanwhile waits in a bounded buffer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bulkhead/unix_socket.hpp"
#include "core/loop/fd_stream.hpp"
#include "exchange.hpp"
#include "http/request_parser.hpp"
#include "router.hpp"

namespace bulkhead::api {

// The socket is 0600 in a directory that is 0700; this keeps out whoever reached it nevertheless.
// Root may do anything anyway.
bool may_speak(const Result<PeerCredentials>& peer);

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(loop::Loop& loop, const Router& router, UniqueFd fd,
             std::function<void(Connection*)> closed);
  ~Connection();
  void begin();

 private:
  class Answerer;  // the Exchange of the current request

  void received(std::string_view bytes, std::vector<UniqueFd>& fds);
  void advance();
  bool take_head();
  bool take_body();
  bool keep_body_within_limit();
  void begin_pipe();
  bool pump();
  void dispatch();
  void refuse(const Error& error, int status = 0);
  void finished(bool close_connection);
  void close();

  loop::Loop& loop_;
  const Router& router_;
  std::function<void(Connection*)> closed_;
  PeerCredentials peer_;
  bool allowed_ = false;
  std::unique_ptr<loop::FdStream> stream_;

  std::string input_;
  std::vector<UniqueFd> fds_;
  RequestParser parser_;
  const Route* route_ = nullptr;
  std::shared_ptr<Answerer> exchange_;
  std::string body_;
  enum class Stage { kHead, kBody, kHandling, kClosed } stage_ = Stage::kHead;
  bool advancing_ = false;

  // A body on its way into a pipe whose other end the handler has.
  UniqueFd pipe_;
  std::unique_ptr<loop::Poll> pipe_poll_;
  std::string pipe_pending_;
};

}  // namespace bulkhead::api
