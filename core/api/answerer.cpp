#include "answerer.hpp"

#include "bulkhead/fd_message.hpp"

namespace bulkhead::api {

Connection::Answerer::Answerer(loop::FdStream& stream, const Head& head, Json actor,
                               std::function<void(bool)> finished)
    : stream_(&stream), finished_(std::move(finished)) {
  head_ = head;
  actor_ = std::move(actor);
}

// Callbacks are dropped with the connection: they hold what the handler captured, often this
// exchange itself.
void Connection::Answerer::detach() {
  stream_ = nullptr;
  state_ = State::kDone;
  finished_ = nullptr;
  drained_ = nullptr;
  closed_ = nullptr;
}

void Connection::Answerer::client_gone() {
  auto call = std::move(closed_);
  bool told = state_ != State::kDone;
  detach();
  if (told && call) call();
}

void Connection::Answerer::on_closed(std::function<void()> callback) {
  if (state_ == State::kDone) {
    if (!stream_) return;
  } else {
    closed_ = std::move(callback);
  }
}

void Connection::Answerer::drained() {
  if (!drained_) return;
  auto call = drained_;
  call();
}

void Connection::Answerer::finish(bool close_connection) {
  state_ = State::kDone;
  drained_ = nullptr;
  closed_ = nullptr;
  auto call = finished_;
  if (call) call(close_connection);
}

void Connection::Answerer::send_whole(int status, const std::string& content_type,
                                      const std::string& body) {
  if (!stream_ || state_ != State::kOpen) return;
  stream_->write(response_head(status, {{"Content-Type", content_type},
                                        {"Content-Length", std::to_string(body.size())}}) +
                 body);
  finish(false);
}

void Connection::Answerer::reply(int status, const Json& body) {
  const char* type = status < 400 ? "application/json" : "application/problem+json";
  send_whole(status, type, dump_json(body) + "\n");
}

void Connection::Answerer::fail(const Error& error) {
  send_whole(http_status(error.code), "application/problem+json",
             dump_json(problem_document(error)) + "\n");
}

// Chunked, so that the connection can go on afterwards and a cut stream is seen to be one.
void Connection::Answerer::begin(int status, const std::string& content_type) {
  if (!stream_ || state_ != State::kOpen) return;
  state_ = State::kStreaming;
  stream_->write(
      response_head(status, {{"Content-Type", content_type}, {"Transfer-Encoding", "chunked"}}));
}

void Connection::Answerer::write(std::string bytes) {
  if (!stream_ || state_ != State::kStreaming || bytes.empty()) return;
  char size[24];
  snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  bytes.insert(0, size);
  bytes += "\r\n";
  stream_->write(std::move(bytes));
}

void Connection::Answerer::end() {
  if (!stream_ || state_ != State::kStreaming) return;
  stream_->write("0\r\n\r\n");
  finish(false);
}

void Connection::Answerer::abort() {
  if (!stream_ || state_ != State::kStreaming) return;
  finish(true);
}

Result<UniqueFd> Connection::Answerer::hand_over(const std::string& head) {
  if (!stream_ || state_ != State::kOpen || !stream_->open())
    return bulkhead::fail(Code::kUnavailable, "the client has gone");
  UniqueFd fd = stream_->release();
  auto status = send_all(fd.get(), head.data(), head.size());
  finish(true);
  if (!status) return bulkhead::fail(std::move(status.error()));
  return fd;
}

}  // namespace bulkhead::api
