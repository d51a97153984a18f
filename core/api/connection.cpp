#include "connection.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "answerer.hpp"
#include "body_check.hpp"
#include "bulkhead/json.hpp"
#include "core/engine/log.hpp"
#include "problem.hpp"
#include "schemas.hpp"

namespace bulkhead::api {
namespace {

constexpr size_t kMaxJsonBody = 1024 * 1024;
constexpr size_t kMaxPipelined = 256 * 1024;
constexpr size_t kMaxFds = 4;

Json actor_of(const PeerCredentials& peer, const Head& head) {
  Json actor = {{"kind", "user"}, {"uid", peer.uid}, {"gid", peer.gid}, {"pid", peer.pid}};
  if (auto client = head.field("user-agent"); !client.empty())
    actor["client"] = client.substr(0, 128);
  return actor;
}

}  // namespace

Connection::Connection(loop::Loop& loop, const Router& router, UniqueFd fd,
                       std::function<void(Connection*)> closed)
    : loop_(loop), router_(router), closed_(std::move(closed)) {
  auto peer = peer_credentials(fd.get());
  allowed_ = may_speak(peer);
  if (peer) peer_ = *peer;
  stream_ = std::make_unique<loop::FdStream>(loop_, std::move(fd));
}

Connection::~Connection() {
  if (exchange_) exchange_->detach();
}

bool may_speak(const Result<PeerCredentials>& peer) {
  return peer && (peer->uid == ::geteuid() || peer->uid == 0);
}

void Connection::begin() {
  if (!allowed_) {
    log::warning("refused a connection of user " + std::to_string(peer_.uid));
    return close();
  }
  stream_->set_callbacks(
      {[this](std::string_view bytes, std::vector<UniqueFd>& fds) { received(bytes, fds); },
       [this](const Status&) { close(); },
       [this] {
         if (exchange_) exchange_->drained();
       }});
  stream_->resume();
}

void Connection::received(std::string_view bytes, std::vector<UniqueFd>& fds) {
  auto self = shared_from_this();
  input_ += bytes;
  for (UniqueFd& fd : fds)
    if (fds_.size() < kMaxFds) fds_.push_back(std::move(fd));
  advance();
  // Closed or handed over in the handler?
  if (stage_ != Stage::kClosed && input_.size() > kMaxPipelined) stream_->pause();
}

// Not recursive: a handler that answers at once comes back here through finished().
void Connection::advance() {
  if (advancing_) return;
  advancing_ = true;
  auto self = shared_from_this();
  for (bool more = true; more && stage_ != Stage::kClosed;) {
    switch (stage_) {
      case Stage::kHead:
        more = take_head();
        break;
      case Stage::kBody:
        more = take_body();
        break;
      default:
        more = false;
    }
  }
  advancing_ = false;
}

bool Connection::take_head() {
  if (input_.empty()) return false;
  auto used = parser_.feed(input_);
  if (!used) return refuse(used.error()), false;
  input_.erase(0, *used);
  if (!parser_.head_done()) return *used > 0;
  exchange_ =
      std::make_shared<Answerer>(*stream_, parser_.head(), actor_of(peer_, parser_.head()),
                                 [this](bool close_connection) { finished(close_connection); });
  auto route = router_.match(*exchange_);
  if (!route)
    return refuse(route.error(), route.error().code == Code::kUnsupported ? 405 : 0), false;
  route_ = *route;
  if (parser_.head().field("bulkhead-fd") == "1") {
    if (fds_.empty())
      return refuse({Code::kInvalid,
                     "Bulkhead-Fd says that a descriptor comes along, but none did",
                     {}}),
             false;
    exchange_->give_fd(std::move(fds_.front()));
    fds_.clear();
  }
  if (parser_.head().field("expect") == "100-continue")
    stream_->write("HTTP/1.1 100 Continue\r\n\r\n");
  stage_ = Stage::kBody;
  if (route_->body.kind == Body::kStream && !exchange_->has_fd()) begin_pipe();
  return true;
}

bool Connection::take_body() {
  while (!parser_.done() && !input_.empty()) {
    auto used = parser_.feed(input_);
    if (!used) return refuse(used.error()), false;
    input_.erase(0, *used);
    if (pipe_) {
      pipe_pending_ += parser_.take_body();
      if (!pump()) return false;  // the pipe is full: come back when it isn't
    } else if (!keep_body_within_limit()) {
      return false;
    }
    if (*used == 0) break;
  }
  if (!parser_.done()) return false;
  if (pipe_ || pipe_poll_) {
    pipe_poll_.reset();
    pipe_.reset();  // end of file for the reader
    if (stage_ == Stage::kBody) stage_ = Stage::kHandling;
    if (exchange_ && exchange_->answered()) finished(false);
    return true;
  }
  dispatch();
  return true;
}

bool Connection::keep_body_within_limit() {
  body_ += parser_.take_body();
  if (body_.size() <= kMaxJsonBody) return true;
  refuse({Code::kInvalid, "the request's body is larger than 1 MiB", {}});
  return false;
}

// The handler runs now and reads the pipe while the body comes in: an archive is never held here.
void Connection::begin_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0)
    return refuse({Code::kInternal, "no pipe for the request's body", {}});
  exchange_->give_fd(UniqueFd(ends[0]));
  pipe_.reset(ends[1]);
  fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
  pipe_poll_ = std::make_unique<loop::Poll>(loop_, pipe_.get(), [this](int) {
    auto self = shared_from_this();
    if (pump()) advance();
  });
  dispatch();
  if (stage_ == Stage::kHandling) stage_ = Stage::kBody;
}

// True if everything was written (or nobody reads any more, and the rest is dropped).
bool Connection::pump() {
  while (!pipe_pending_.empty()) {
    ssize_t written = ::write(pipe_.get(), pipe_pending_.data(), pipe_pending_.size());
    if (written < 0 && errno == EAGAIN) {
      stream_->pause();
      pipe_poll_->watch(UV_WRITABLE);
      return false;
    }
    if (written < 0)
      pipe_pending_.clear();  // EPIPE: the handler has answered without reading all of it
    if (written > 0) pipe_pending_.erase(0, static_cast<size_t>(written));
  }
  pipe_poll_->watch(0);
  stream_->resume();
  return true;
}

// The exception barrier of the API: JSON of the wrong type is the client's mistake, anything else
// ours.
void Connection::dispatch() {
  stage_ = Stage::kHandling;
  auto exchange = exchange_;
  if (route_->body.kind == Body::kJson && !body_.empty()) {
    auto json = parse_json(body_);
    if (!json || !json->is_object())
      return exchange->fail(
          {Code::kInvalid,
           json ? "the request's body must be a JSON object" : json.error().message,
           {}});
    if (route_->body.schema)
      if (auto good = check_body(schemas().at(route_->body.schema), *json); !good)
        return exchange->fail(good.error());
    exchange->give_body(std::move(*json));
  }
  body_.clear();
  try {
    route_->handler(exchange);
  } catch (const Json::exception& error) {
    exchange->fail({Code::kInvalid,
                    std::string("the request's body is not as documented: ") + error.what(),
                    {}});
  } catch (const std::exception& error) {
    log::error(exchange->head().method + " " + exchange->head().target + ": " + error.what());
    exchange->fail({Code::kInternal, std::string("unexpected: ") + error.what(), {}});
  }
}

// A request that can't be understood leaves the stream in an unknown place: answer and close.
void Connection::refuse(const Error& error, int status) {
  auto self = shared_from_this();
  if (status == 0) status = http_status(error.code);
  std::string body = dump_json(problem_document(error, status)) + "\n";
  if (!exchange_ || !exchange_->answered())
    stream_->write(response_head(status, {{"Content-Type", "application/problem+json"},
                                          {"Content-Length", std::to_string(body.size())},
                                          {"Connection", "close"}}) +
                   body);
  close();
}

void Connection::finished(bool close_connection) {
  auto self = shared_from_this();
  if (stage_ == Stage::kClosed) return;
  if (!stream_->open()) return close();  // handed over
  bool keep = parser_.head().keep_alive && !close_connection;
  if (!parser_.done()) {
    if (keep && pipe_) return;  // the rest of the body is read and dropped; take_body() calls again
    keep = false;
  }
  exchange_->detach();
  exchange_.reset();
  if (!keep) return close();
  parser_ = RequestParser();
  route_ = nullptr;
  fds_.clear();
  stage_ = Stage::kHead;
  stream_->resume();
  advance();
}

// What is queued is still written; the stream lives on until then.
void Connection::close() {
  auto self = shared_from_this();
  if (stage_ == Stage::kClosed) return;
  stage_ = Stage::kClosed;
  if (exchange_) exchange_->client_gone();
  exchange_.reset();
  pipe_poll_.reset();
  pipe_.reset();
  if (stream_->open() && stream_->queued() > 0) {
    stream_->set_callbacks({[](std::string_view, std::vector<UniqueFd>&) {},
                            [this](const Status&) { closed_(this); },
                            [this] {
                              stream_->end_writing();
                              closed_(this);
                            }});
    return;
  }
  closed_(this);
}

}  // namespace bulkhead::api
