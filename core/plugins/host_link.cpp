#include "host_link.hpp"

#include <sys/wait.h>

#include <csignal>
#include <utility>

#include "bulkhead/child.hpp"
#include "bulkhead/pidfd.hpp"
#include "bulkhead/unix_socket.hpp"
#include "bulkhead/version.hpp"

namespace bulkhead::plugins {
namespace {

constexpr int kChildFd = 3;

std::vector<std::string> arguments_of(const PluginHost::Command& command) {
  std::vector<std::string> arguments = {command.program, "--plugin", command.plugin, "--fd",
                                        std::to_string(kChildFd)};
  if (!command.socket.empty()) arguments.insert(arguments.end(), {"--listen", command.socket});
  return arguments;
}

}  // namespace

PluginHost::Link::Link(loop::Loop& loop, std::string name, Events events, Patience patience)
    : loop_(loop),
      name_(std::move(name)),
      events_(std::move(events)),
      patience_(patience),
      ping_timer_(loop, [this] { ping(); }),
      deadline_(loop, [this] { kill(overdue_); }),
      ack_timer_(loop, [this] { acknowledge(); }),
      late_(loop, [this] { fail_open_calls(); }) {}

Status PluginHost::Link::spawn(const Command& command) {
  auto pair = socket_pair();
  if (!pair) return fail(std::move(pair.error()));
  Program program;
  program.arguments = arguments_of(command);
  program.environment = command.environment;
  program.fds = {{kChildFd, pair->second.get()}};
  program.fds.emplace_back(2, command.log >= 0 ? command.log : 2);
  outlives_us_ = !command.socket.empty();
  program.new_session = outlives_us_;
  program.parent_death_signal = outlives_us_ ? 0 : SIGKILL;
  auto child = bulkhead::spawn(program);
  if (!child) return fail(std::move(child.error()).context("the host of the plugin " + name_));
  ours_ = true;
  pid_ = child->pid;
  auto pidfd = open_pidfd(pid_);
  if (!pidfd) return fail(std::move(pidfd.error()));
  pidfd_ = std::move(*pidfd);
  child_ = std::make_unique<loop::ChildWatch>(loop_, std::move(child->pidfd),
                                              [this](const loop::ChildEnd& end) { exited(end); });
  connect(std::move(pair->first));
  return {};
}

Status PluginHost::Link::adopt(const std::string& socket) {
  auto connection = connect_unix(socket);
  if (!connection) return fail(std::move(connection.error()));
  const auto peer = peer_credentials(connection->get());
  if (!peer) return fail(peer.error());
  outlives_us_ = true;
  pid_ = peer->pid;
  auto pidfd = open_pidfd(pid_);
  if (!pidfd) return fail(std::move(pidfd.error()));
  pidfd_ = std::move(*pidfd);
  // Not our child as a rule: its end can be seen, but not how it ended.
  auto watched = open_pidfd(pid_);
  if (!watched) return fail(std::move(watched.error()));
  child_ = std::make_unique<loop::ChildWatch>(loop_, std::move(*watched),
                                              [this](const loop::ChildEnd& end) { exited(end); });
  connect(std::move(*connection));
  return {};
}

void PluginHost::Link::connect(UniqueFd connection) {
  stream_ = std::make_unique<loop::FdStream>(loop_, std::move(connection));
  stream_->set_callbacks(
      {[this](std::string_view bytes, std::vector<UniqueFd>& fds) { received(bytes, fds); },
       [this](const Status&) { disconnected(); },
       {}});
  stream_->resume();
  const Json hello = {{"protocol", kHostProtocol}, {"version", kVersion}};
  send(FrameKind::kHello, 0, dump_json(hello));
  expect(patience_.ping_deadline_ms, "did not greet in time");
}

// One deadline at a time is enough: each replaces the one before.
void PluginHost::Link::expect(uint64_t milliseconds, const char* otherwise) {
  overdue_ = otherwise;
  deadline_.start(milliseconds);
}

void PluginHost::Link::abandon() {
  over_ = true;
  events_ = {};
  calls_.clear();
  starting_ = nullptr;
  stream_.reset();
  if (ours_ && !exited_ && !outlives_us_) {
    // At once and waited for, so that a successor never meets it.
    ::kill(pid_, SIGKILL);
    siginfo_t info = {};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED);
  }
  child_.reset();
  for (loop::Timer* timer : {&ping_timer_, &deadline_, &ack_timer_, &late_}) timer->stop();
}

void PluginHost::Link::start(std::string_view config, std::function<void(Status)> done) {
  starting_ = std::move(done);
  if (!stream_) return late_.start(0);
  send(FrameKind::kStart, 0, config);
}

void PluginHost::Link::call(uint64_t op, const std::string& method, std::string_view request,
                            std::vector<UniqueFd> fds, Done done) {
  if (calls_.empty()) ping_timer_.start(patience_.ping_every_ms, patience_.ping_every_ms);
  calls_[op] = {method, std::move(done)};
  if (!stream_) return late_.start(0);
  send(FrameKind::kSubmit, op, encode_submit(method, request), std::move(fds));
}

void PluginHost::Link::send(FrameKind kind, uint64_t op, std::string_view body,
                            std::vector<UniqueFd> fds) {
  if (!stream_) return;
  const size_t fd_count = fds.size();
  stream_->write(encode_frame(kind, op, body, fd_count), std::move(fds));
}

void PluginHost::Link::stop() {
  if (std::exchange(end_.asked, true)) return;
  send(FrameKind::kStop, 0);
  expect(patience_.stop_deadline_ms, "did not end in time");
}

void PluginHost::Link::kill(std::string_view why) {
  if (exited_ || !pidfd_) return;
  if (end_.how.empty()) end_.how = why;
  // If it is gone already, that is what was wanted.
  [[maybe_unused]] const Status killed = signal_pidfd(pidfd_.get(), SIGKILL);
}

void PluginHost::Link::received(std::string_view bytes, std::vector<UniqueFd>& fds) {
  const auto self = shared_from_this();
  decoder_.feed(bytes, std::move(fds));
  while (stream_) {
    auto frame = decoder_.next();
    if (!frame) {
      kill("sent what is no frame");
      return disconnected();
    }
    if (!*frame) return;
    handle(**frame);
  }
}

void PluginHost::Link::handle(Frame& frame) {
  switch (frame.kind) {
    case FrameKind::kHello:
      return greeted(frame);
    case FrameKind::kStarted:
      return started(frame);
    case FrameKind::kComplete:
      return completed(frame);
    case FrameKind::kEmit:
      return emitted(frame);
    case FrameKind::kLog:
      return logged(frame);
    case FrameKind::kProgress:
      return progressed(frame);
    case FrameKind::kPong:
      pongs_ = frame.op;
      return;
    case FrameKind::kStopped:
      // It waits for this, and there is nothing else to wait for.
      return acknowledge();
    default:
      return;  // of a newer host
  }
}

void PluginHost::Link::greeted(const Frame& frame) {
  auto hello = decode_hello(frame.body);
  if (!hello || hello->protocol != kHostProtocol) {
    return kill("speaks another version of the host protocol");
  }
  if (hello->refused) {
    end_.refused = std::move(hello->refused);
    return;  // it ends by itself now
  }
  if (!end_.asked) deadline_.stop();
  name_ = hello->id;
  if (!events_.ready) return;
  events_.ready({hello->id, hello->version, hello->capabilities, pid_, hello->started});
}

void PluginHost::Link::started(const Frame& frame) {
  const auto done = std::exchange(starting_, nullptr);
  if (!done) return;
  if (frame.body.empty()) return done({});
  auto error = decode_error(frame.body);
  done(fail(error ? std::move(*error) : std::move(error.error())));
}

void PluginHost::Link::completed(Frame& frame) {
  const auto message = decode_complete(frame.body);
  if (!message) return kill("sent what is no completion");
  if (is_repetition(message->report)) return;
  acknowledge_later(message->report);
  const auto found = calls_.find(frame.op);
  const std::string method = found == calls_.end() ? std::string() : found->second.method;
  Result<Json> result =
      message->error ? Result<Json>(fail(*message->error)) : parse_json(message->result);
  if (!message->error && (!result || !result->is_object())) {
    result = fail(Code::kCorrupt, "the plugin " + name_ + " answered " + method +
                                      " with what is not a JSON object");
  }
  if (found == calls_.end()) {
    if (events_.completed) events_.completed(frame.op, result);
    return;
  }
  const Done done = std::move(found->second.done);
  calls_.erase(found);
  if (calls_.empty()) ping_timer_.stop();
  done(std::move(result), std::move(frame.fds));
}

void PluginHost::Link::emitted(const Frame& frame) {
  const auto message = decode_emit(frame.body);
  if (!message) return kill("sent what is no event");
  if (is_repetition(message->report)) return;
  const auto event = parse_json(message->event);
  if (!event || !event->is_object()) {
    // It would come again with every connection; what it meant can't be known.
    send(FrameKind::kAck, message->report);
    if (events_.logged) {
      const std::string why = event ? "it is not an object" : event.error().message;
      events_.logged(2, 0, "dropped an event " + message->type + ": " + why);
    }
    return;
  }
  if (events_.emitted) events_.emitted(message->report, message->type, *event);
}

void PluginHost::Link::logged(const Frame& frame) {
  const auto message = decode_log(frame.body);
  if (message && events_.logged) {
    events_.logged(message->level, frame.op, std::string(message->text));
  }
}

void PluginHost::Link::progressed(const Frame& frame) {
  const auto note = parse_json(frame.body);
  if (note && events_.progress) events_.progress(frame.op, *note);
}

// Reports come in the order of their numbers, and all over again on a new connection.
bool PluginHost::Link::is_repetition(uint64_t report) {
  if (report <= last_report_) return true;
  last_report_ = report;
  return false;
}

void PluginHost::Link::acknowledge_later(uint64_t report) {
  if (unacknowledged_.empty()) ack_timer_.start(patience_.ack_after_ms);
  unacknowledged_.push_back(report);
}

void PluginHost::Link::acknowledge() {
  for (const uint64_t report : std::exchange(unacknowledged_, {})) send(FrameKind::kAck, report);
}

void PluginHost::Link::ping() {
  if (pongs_ == pings_) {
    waited_ms_ = 0;
    send(FrameKind::kPing, ++pings_);
    return;
  }
  waited_ms_ += patience_.ping_every_ms;
  if (waited_ms_ >= patience_.ping_deadline_ms) {
    kill("did not answer for " + std::to_string(waited_ms_ / 1000) + " s");
  }
}

void PluginHost::Link::disconnected() {
  const auto self = shared_from_this();
  stream_.reset();
  if (!exited_ && !over_) {
    if (ours_) {
      expect(patience_.exit_deadline_ms, "did not end in time");
    } else {
      // A host that cut its connection is no use any more, whatever it does; its VM ends with it.
      kill("ended");
    }
  }
  end_if_over();
}

void PluginHost::Link::exited(const loop::ChildEnd& end) {
  const auto self = shared_from_this();
  exited_ = true;
  end_.exit_code = end.exit_code;
  end_.signal = end.signal;
  if (end_.how.empty()) end_.how = end.text();
  // What it sent before it died is still to be read; then comes the end of the connection.
  end_if_over();
}

void PluginHost::Link::end_if_over() {
  if (over_ || stream_ || !exited_) return;
  over_ = true;
  deadline_.stop();
  ping_timer_.stop();
  ack_timer_.stop();
  if (end_.refused) end_.how = "could not load its plugin: " + end_.refused->message;
  if (end_.how.empty()) end_.how = "ended";
  fail_open_calls();
  if (const auto ended = std::exchange(events_.ended, nullptr)) ended(end_);
}

void PluginHost::Link::fail_open_calls() {
  const auto self = shared_from_this();
  // A callback may destroy our owner, which clears what is left.
  if (const auto done = std::exchange(starting_, nullptr)) done(fail(gone()));
  while (!calls_.empty()) {
    const Done done = std::move(calls_.begin()->second.done);
    calls_.erase(calls_.begin());
    done(fail(gone()), {});
  }
  ping_timer_.stop();
}

Error PluginHost::Link::gone() const {
  if (end_.refused) return *end_.refused;
  // Its connection closes before the process is known to have ended.
  return {
      Code::kUnavailable, "the plugin " + name_ + " " + (end_.how.empty() ? "ends" : end_.how), {}};
}

}  // namespace bulkhead::plugins
