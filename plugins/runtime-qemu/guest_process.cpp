#include "guest_process.hpp"

#include <algorithm>
#include <cstring>

#include "guest_requests.hpp"
#include "host_clock.hpp"

namespace bulkhead::qemu {
namespace {

constexpr size_t kLongestError = 64 << 10;
constexpr Milliseconds kControlDeadline{10'000};
constexpr int64_t kBelievableLagUs = 10'000'000;

int within(std::optional<int64_t> claimed, int low, int high, int otherwise) {
  if (!claimed || *claimed < low || *claimed > high) return otherwise;
  return static_cast<int>(*claimed);
}

ProcessExit exit_from(const H2Fields& trailers) {
  ProcessExit exit;
  const int64_t now = now_us();
  exit.exit_code = within(trailers.number("x-exit-code"), 0, 255, 255);
  exit.signal = within(trailers.number("x-signal"), 0, 64, 0);
  exit.oom_killed = trailers.number("x-oom-killed") == 1;
  const int64_t at = trailers.number("x-at").value_or(now);
  exit.at_us = at <= now && now - at <= kBelievableLagUs ? at : now;
  return exit;
}

Json error_frame(const Error& error) {
  return {{"error", {{"code", static_cast<int>(error.code)}, {"message", error.message}}}};
}

Json exit_frame(const ProcessExit& exit) {
  Json body = {{"exitCode", exit.exit_code}};
  if (exit.signal) body["signal"] = exit.signal;
  if (exit.oom_killed) body["oomKilled"] = true;
  return {{"exit", std::move(body)}};
}

}  // namespace

GuestProcess::GuestProcess(loop::Loop& loop, GuestChannel& guest, ProcessRequest request,
                           UniqueFd client, Callbacks callbacks)
    : guest_(guest),
      request_(std::move(request)),
      callbacks_(std::move(callbacks)),
      frames_([this](LogStream stream, std::string_view bytes) { on_output(stream, bytes); }),
      deadline_(loop,
                [this] {
                  guest_.abandon(std::exchange(stream_, 0));
                  fail_start({Code::kTimeout, "the guest didn't start the process in time", {}});
                }),
      later_(loop, [this] {
        const auto ended = callbacks_.ended;
        ended();
      }) {
  request_.with_stdin = request_.with_stdin && client;
  if (!client) return;
  client_ = std::make_unique<AttachConnection>(
      loop, std::move(client),
      AttachConnection::Callbacks{
          [this] {
            if (stream_ > 0) guest_.resume(stream_);
          },
          [this](const Json& message) { on_control(message); },
          [this] { on_room(); },
          [this] {
            client_.reset();
            on_room();
            if (stream_ > 0) guest_.resume(stream_);  // its standard input ends
            if (state_ == State::kDraining || state_ == State::kEnded) {
              state_ = State::kEnded;
              later_.start(0);
            }
          },
      });
}

GuestProcess::~GuestProcess() {
  if (stream_ > 0) guest_.abandon(stream_);
}

void GuestProcess::start(Milliseconds deadline) {
  head_ = process_head(request_);
  auto stream = guest_.open(path(""), *this);
  if (!stream) return fail_start(stream.error());
  stream_ = *stream;
  deadline_.start(static_cast<uint64_t>(deadline.count()));
}

std::string GuestProcess::path(std::string_view verb) const {
  return "/v1/processes/" + request_.id + std::string(verb);
}

void GuestProcess::signal(int number, GuestChannel::Answer answer) {
  const Json body = {{"signal", number}};
  guest_.request(path("/signal"), &body, kControlDeadline, std::move(answer));
}

// --- towards the guest ---

H2Exchange::Pulled GuestProcess::pull_body(std::span<uint8_t> into) {
  if (head_sent_ < head_.size()) {
    const size_t take = std::min(into.size(), head_.size() - head_sent_);
    std::memcpy(into.data(), head_.data() + head_sent_, take);
    head_sent_ += take;
    return {take, head_sent_ == head_.size() && !request_.with_stdin};
  }
  const size_t taken = client_ ? client_->take_stdin(into) : 0;
  return {taken, !client_ || client_->stdin_ended()};
}

void GuestProcess::on_control(const Json& message) {
  // The connection waits until this one is done: a client that floods us with signals waits for
  // itself.
  auto done = [this, alive = std::weak_ptr<bool>(alive_)](const Result<Json>&) {
    if (!alive.expired() && client_) client_->control_done();
  };
  const Json size = message.value("resize", Json());
  if (size.is_object()) {
    const Json body = {{"rows", std::clamp<int64_t>(integer_or(size, "rows", 0), 0, 65535)},
                       {"cols", std::clamp<int64_t>(integer_or(size, "cols", 0), 0, 65535)}};
    guest_.request(path("/resize"), &body, kControlDeadline, done);
    return;
  }
  const int64_t number = integer_or(message, "signal", 0);
  if (number >= 1 && number <= 64) return signal(static_cast<int>(number), done);
  done(Json::object());  // a word from a newer client
}

// --- from the guest ---

void GuestProcess::on_response(const H2Fields& fields) {
  if (fields.status < 200 || fields.status > 299) {
    error_status_ = fields.status;
    return;
  }
  deadline_.stop();
  state_ = State::kRunning;
  const int64_t pid = fields.number("x-pid").value_or(0);
  if (client_) {
    client_->send_control({{"started", {{"pid", pid}}}});
    client_->begin();
  }
  callbacks_.started(pid);
}

void GuestProcess::on_body(std::span<const uint8_t> bytes) {
  withheld_ += bytes.size();
  if (state_ == State::kStarting) {
    const size_t room = kLongestError - error_body_.size();
    error_body_.append(bytes.begin(),
                       bytes.begin() + static_cast<long>(std::min(room, bytes.size())));
  } else if (!frames_.feed(bytes)) {
    // Never consumed: the window closes on what isn't framed, and only trailers come through.
    return;
  }
  on_room();
}

void GuestProcess::on_output(LogStream stream, std::string_view bytes) {
  if (request_.terminal) stream = LogStream::kStdout;
  if (callbacks_.output) callbacks_.output(stream, bytes);
  const bool overrun = client_ && !hold_back_ && client_->congested();
  if (client_ && !overrun) client_->send(stream, bytes);
}

void GuestProcess::on_room() {
  if (stream_ == 0 || withheld_ == 0) return;
  if (client_ && hold_back_ && client_->congested()) return;
  guest_.consume(stream_, std::exchange(withheld_, 0));
}

void GuestProcess::release_backpressure() {
  hold_back_ = false;
  on_room();
}

void GuestProcess::on_trailers(const H2Fields& fields) {
  exit_ = exit_from(fields);
}

void GuestProcess::on_end(const Status& how) {
  stream_ = 0;
  if (state_ == State::kStarting) {
    return fail_start(how ? guest_error(error_status_, error_body_) : how.error());
  }
  if (how && exit_) return finish(*exit_);
  ProcessExit lost;
  lost.exit_code = kLostExitCode;
  lost.signal = 9;
  lost.at_us = now_us();
  lost.reason = lost_reason_;
  finish(std::move(lost));
}

// --- ends ---

void GuestProcess::fail_start(Error error) {
  deadline_.stop();
  state_ = State::kDraining;
  end_client(error_frame(error));
  callbacks_.started(fail(std::move(error)));
}

void GuestProcess::finish(const ProcessExit& how) {
  const ProcessExit exit = how;  // the callback may end this object, and exit_ with it
  state_ = State::kDraining;
  end_client(exit_frame(exit));
  callbacks_.exited(exit);
}

void GuestProcess::end_client(const Json& last) {
  if (client_) return client_->finish(last);
  state_ = State::kEnded;
  later_.start(0);
}

}  // namespace bulkhead::qemu
