#include "client/attach.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "bulkhead/json.hpp"
#include "host/clock.hpp"
#include "terminal/raw_mode.hpp"

namespace bulkhead::cli {

namespace {

constexpr std::array<int, 8> kForwarded = {SIGHUP,  SIGINT,  SIGQUIT,  SIGTERM,
                                           SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT};

// What poll() promises a pipe can take without blocking. More at once would make us deaf to signals
// while the reader of our output sleeps.
constexpr size_t kSafeWrite = PIPE_BUF;

// How often the user may ask the process to end before we leave it alone.
constexpr int kPatience = 3;

bool is_file(int fd) {
  struct stat status = {};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

Failure lost() {
  return fail(Code::kUnavailable, "the connection to the process was lost before it ended",
              "It may still run: see 'container list' and 'container logs'.");
}

}  // namespace

std::span<const int> forwarded_signals() {
  return kForwarded;
}

AttachSession::AttachSession(UniqueFd connection, const std::string& already_read,
                             AttachStreams streams, SignalQueue& signals)
    : connection_(std::move(connection)), streams_(streams), signals_(signals) {
  decoder_.feed(already_read);
}

Result<ProcessExit> AttachSession::run() {
  if (auto ok = deliver_frames(); !ok) return fail(std::move(ok.error()));
  while (!outcome_) {
    if (auto ok = step(); !ok) return fail(std::move(ok.error()));
  }
  return std::move(*outcome_);
}

// One round: wait for whatever can go on, then let it go on.
Status AttachSession::step() {
  const bool output_waits = incoming_written_ < incoming_.body.size();
  const int output = incoming_.type == StreamType::kStderr ? streams_.err : streams_.out;
  const bool wants_input = outgoing_.empty() && streams_.in >= 0;
  short connection_events = output_waits || connection_ended_ ? 0 : POLLIN;
  if (!outgoing_.empty()) connection_events |= POLLOUT;
  std::array<pollfd, 4> waiting = {{
      {signals_.fd(), POLLIN, 0},
      {connection_events != 0 ? connection_.get() : -1, connection_events, 0},
      {wants_input ? streams_.in : -1, POLLIN, 0},
      {output_waits ? output : -1, POLLOUT, 0},
  }};
  if (poll(waiting.data(), waiting.size(), -1) < 0) {
    return errno == EINTR ? Status() : fail_errno("wait for the process", errno);
  }
  if (waiting[0].revents != 0) {
    if (auto ok = take_signals(); !ok) return ok;
  }
  if (waiting[3].revents != 0) {
    if (auto ok = write_output(); !ok) return ok;
  }
  if (waiting[2].revents != 0) {
    if (auto ok = read_input(); !ok) return ok;
  }
  if ((waiting[1].revents & POLLOUT) != 0) {
    if (auto ok = send_pending(); !ok) return ok;
  }
  if ((waiting[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !output_waits) {
    if (auto ok = read_connection(); !ok) return ok;
  }
  return {};
}

Status AttachSession::take_signals() {
  while (const auto signal = signals_.next()) {
    if (auto ok = pass_on(*signal); !ok) return ok;
  }
  return {};
}

Status AttachSession::pass_on(int signal) {
  if (signal == SIGWINCH && streams_.terminal >= 0) {
    if (const auto size = window_size(streams_.terminal)) {
      queue_control(dump_json({{"resize", {{"rows", size->rows}, {"cols", size->columns}}}}));
    }
    return {};
  }
  if ((signal == SIGINT || signal == SIGTERM) && ++stop_requests_ == kPatience) {
    return fail(Code::kUnavailable, "asked to end three times: the process is left to itself",
                "It may still run: see 'container list'.");
  }
  queue_control(dump_json({{"signal", signal}}));
  return {};
}

void AttachSession::queue_control(const std::string& body) {
  append_stream_frames(outgoing_, StreamType::kControl, body);
}

Status AttachSession::read_input() {
  char piece[kLargestStreamBody];
  const ssize_t count = read(streams_.in, piece, sizeof piece);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  // A terminal that is gone reads as an error; for the process that is the end of its input.
  const size_t size = count > 0 ? static_cast<size_t>(count) : 0;
  append_stream_frames(outgoing_, StreamType::kStdin, {piece, size});
  if (size == 0) streams_.in = -1;
  return {};
}

Status AttachSession::send_pending() {
  const ssize_t count =
      send(connection_.get(), outgoing_.data(), outgoing_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (count >= 0) {
    outgoing_.erase(0, static_cast<size_t>(count));
  } else if (errno == EPIPE || errno == ECONNRESET) {
    // The other side reads no more; what it has sent may still hold the exit status.
    outgoing_.clear();
    streams_.in = -1;
  } else if (errno != EINTR && errno != EAGAIN) {
    return fail_errno("send to the process", errno);
  }
  return {};
}

Status AttachSession::read_connection() {
  char piece[65536];
  const ssize_t count = recv(connection_.get(), piece, sizeof piece, MSG_DONTWAIT);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  if (count <= 0) {
    connection_ended_ = true;
    return lost();
  }
  decoder_.feed({piece, static_cast<size_t>(count)});
  return deliver_frames();
}

// Takes frames until one has to wait for its reader.
Status AttachSession::deliver_frames() {
  while (!outcome_ && incoming_written_ >= incoming_.body.size()) {
    auto frame = decoder_.next();
    if (!frame) return fail(std::move(frame.error()).context("read from the process"));
    if (!*frame) return {};
    if ((*frame)->type == StreamType::kControl) {
      if (auto ok = take_control((*frame)->body); !ok) return ok;
      continue;
    }
    incoming_ = std::move(**frame);
    incoming_written_ = 0;
  }
  return {};
}

Status AttachSession::write_output() {
  const int output = incoming_.type == StreamType::kStderr ? streams_.err : streams_.out;
  const size_t left = incoming_.body.size() - incoming_written_;
  const size_t size = is_file(output) ? left : std::min(left, kSafeWrite);
  const ssize_t count = write(output, incoming_.body.data() + incoming_written_, size);
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
  if (count < 0) return fail_errno("write the process's output", errno);
  if (!first_output_us_) first_output_us_ = clock_now_us();
  incoming_written_ += static_cast<size_t>(count);
  return incoming_written_ == incoming_.body.size() ? deliver_frames() : Status();
}

Status AttachSession::take_control(const std::string& body) {
  const auto control = parse_json(body);
  if (!control || !control->is_object()) {
    return fail(Code::kCorrupt,
                "the process's connection carries a control frame that is no JSON object");
  }
  if (control->contains("exit")) {
    const auto code = integer_at((*control)["exit"], "exitCode");
    if (!code) return fail(Error(code.error()).context("exit of the process"));
    outcome_ = ProcessExit{static_cast<int>(*code)};
  } else if (control->contains("error")) {
    const Json& error = (*control)["error"];
    outcome_ = fail(static_cast<Code>(integer_or(error, "code", 1)),
                    string_or(error, "message", "the process could not be started"));
  }
  return {};  // "started" and what later versions may say need no answer
}

}  // namespace bulkhead::cli
