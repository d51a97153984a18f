// The Exchange of a live connection. It outlives the connection if a handler keeps it: detach()
// then turns every further call into nothing.
#pragma once

#include "bulkhead/json.hpp"
#include "connection.hpp"
#include "problem.hpp"

namespace bulkhead::api {

class Connection::Answerer final : public Exchange {
 public:
  Answerer(loop::FdStream& stream, const Head& head, Json actor,
           std::function<void(bool close)> finished);

  void give_fd(UniqueFd fd) { fd_ = std::move(fd); }
  void give_body(Json body) { body_ = std::move(body); }
  bool answered() const { return state_ == State::kDone; }
  void detach();       // the connection is done with this exchange
  void client_gone();  // ... because the client is
  void drained();

  void reply(int status, const Json& body) override;
  void fail(const Error& error) override;
  void begin(int status, const std::string& content_type) override;
  void write(std::string bytes) override;
  void end() override;
  void abort() override;
  size_t queued() const override { return stream_ ? stream_->queued() : 0; }
  void on_drained(std::function<void()> callback) override { drained_ = std::move(callback); }
  void on_closed(std::function<void()> callback) override;
  Result<UniqueFd> hand_over(const std::string& head) override;

 private:
  void send_whole(int status, const std::string& content_type, const std::string& body);
  void finish(bool close_connection);

  enum class State { kOpen, kStreaming, kDone };
  loop::FdStream* stream_;
  State state_ = State::kOpen;
  std::function<void(bool)> finished_;
  std::function<void()> drained_;
  std::function<void()> closed_;
};

}  // namespace bulkhead::api
