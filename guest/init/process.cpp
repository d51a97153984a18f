#include "guest/init/process.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "guest/core/errors.hpp"
#include "guest/init/clock.hpp"

namespace bulkhead::guest {
namespace {

constexpr int64_t kDrainUs = 250'000;
constexpr size_t kDiscardAtOnce = 64 * 1024;
constexpr size_t kFailureLimit = 4096;
constexpr size_t kCompactAt = 64 * 1024;

}  // namespace

Process::Process(Loop& loop, bool is_init, pid_t pid, AgentEnds ends, Caller caller)
    : loop_(loop),
      is_init_(is_init),
      pid_(pid),
      terminal_(ends.terminal),
      interactive_terminal_(ends.terminal && ends.interactive),
      caller_(caller),
      error_(std::move(ends.error)),
      in_(std::move(ends.in)),
      channels_{Channel{std::move(ends.out), OutputKind::kStdout},
                Channel{std::move(ends.err), OutputKind::kStderr}} {}

Process::~Process() {
  if (error_) loop_.forget(error_.get());
  close_input();
  for (Channel& channel : channels_) close_channel(channel);
}

// Edge-triggered: whether there is output is remembered in Channel::ready until somebody has room
// for it.
Status Process::watch() {
  Status status = loop_.watch(error_.get(), EPOLLIN, [this](uint32_t) { read_error_channel(); });
  if (status && in_)
    status = loop_.watch(in_.get(), EPOLLOUT | EPOLLET, [this](uint32_t) { write_input(); });
  for (Channel& channel : channels_) {
    if (!status || !channel.fd) continue;
    uint32_t events = EPOLLIN | EPOLLET | (terminal_ ? EPOLLOUT : 0u);
    status = loop_.watch(channel.fd.get(), events,
                         [this, &channel](uint32_t) { output_ready(channel); });
  }
  return status;
}

Status Process::resize(TerminalSize size) {
  if (!terminal_ || !channels_[0].fd) return fail(Code::kConflict, "the process has no terminal");
  return resize_terminal(channels_[0].fd.get(), size);
}

void Process::read_error_channel() {
  char piece[512];
  ssize_t got = 0;
  while (error_ && (got = read(error_.get(), piece, sizeof piece)) > 0) {
    if (failure_.size() < kFailureLimit) failure_.append(piece, static_cast<size_t>(got));
  }
  if (!error_ || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
  loop_.forget(error_.get());
  error_.reset();
  state_ = failure_.empty() ? State::kRunning : State::kFailed;
  if (state_ == State::kRunning && caller_)
    caller_->server.respond_from_owner(caller_->stream, {{"x-pid", std::to_string(pid_)}});
}

// How much of the bytes is no longer the agent's business: written, or not for anybody because
// nobody reads.
size_t Process::write_now(std::string_view bytes) {
  const UniqueFd& target = terminal_ ? channels_[0].fd : in_;
  size_t done = 0;
  while (target && done < bytes.size()) {
    ssize_t put = write(target.get(), bytes.data() + done, bytes.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) break;
    if (put < 0) {
      close_input();
      done = bytes.size();
      break;
    }
    done += static_cast<size_t>(put);
  }
  if (!target) done = bytes.size();
  if (caller_) caller_->server.consumed(caller_->stream, done);
  return done;
}

void Process::take_input(std::string_view bytes) {
  if (exit_ || input_ended_) {
    if (caller_) caller_->server.consumed(caller_->stream, bytes.size());
    return;
  }
  if (input_.empty()) bytes.remove_prefix(write_now(bytes));
  input_.append(bytes);
}

void Process::end_input() {
  input_ended_ = true;
  if (input_.empty()) close_input();
}

void Process::write_input() {
  if (input_.empty()) return;
  input_written_ += write_now(std::string_view(input_).substr(input_written_));
  if (input_written_ == input_.size()) {
    std::string().swap(input_);
    input_written_ = 0;
    if (input_ended_) close_input();
  } else if (input_written_ > kCompactAt) {
    input_.erase(0, input_written_);
    input_written_ = 0;
  }
}

void Process::discard_input() {
  if (caller_) caller_->server.consumed(caller_->stream, input_.size() - input_written_);
  std::string().swap(input_);
  input_written_ = 0;
  close_input();
}

// A terminal has no end of input: its user types it, and one who has gone can't. One that nobody
// was to type at is left alone: a shell there waits for who may come.
void Process::close_input() {
  if (in_) loop_.forget(in_.get());
  in_.reset();
  if (input_ended_ && channels_[0].fd && std::exchange(interactive_terminal_, false))
    type_end_of_input(channels_[0].fd.get());
}

void Process::output_ready(Channel& channel) {
  channel.ready = true;
  if (terminal_) write_input();
  if (!caller_) return discard_output(channel);
  resume();
}

void Process::discard_output(Channel& channel) {
  char piece[4096];
  for (size_t total = 0; total < kDiscardAtOnce && channel.fd;) {
    ssize_t got = read(channel.fd.get(), piece, sizeof piece);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return close_channel(channel);
    total += static_cast<size_t>(got);
  }
}

void Process::close_channel(Channel& channel) {
  if (channel.fd) loop_.forget(channel.fd.get());
  channel.fd.reset();
}

// One frame, if there is output. A master whose last terminal was closed says EIO, a pipe 0; both
// are the end.
size_t Process::read_channel(Channel& channel, std::span<uint8_t> space) {
  ssize_t got =
      read(channel.fd.get(), space.data() + kOutputHeaderSize, space.size() - kOutputHeaderSize);
  if (got > 0) {
    put_output_header(space.data(), channel.kind, static_cast<uint32_t>(got));
    return static_cast<size_t>(got) + kOutputHeaderSize;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    channel.ready = false;
  } else {
    close_channel(channel);
  }
  return 0;
}

// In turns, so that neither output can starve the other.
size_t Process::read_any(std::span<uint8_t> space) {
  for (size_t tried = 0; tried < channels_.size(); tried++) {
    Channel& channel = channels_[next_channel_];
    next_channel_ = 1 - next_channel_;
    if (!channel.fd || !channel.ready) continue;
    if (size_t got = read_channel(channel, space); got > 0) return got;
  }
  return 0;
}

size_t Process::take_leftover(std::span<uint8_t> space) {
  size_t step = std::min(space.size(), leftover_end_ - leftover_begin_);
  memcpy(space.data(), leftover_.data() + leftover_begin_, step);
  leftover_begin_ += step;
  return step;
}

bool Process::is_drained() const {
  bool open = channels_[0].fd || channels_[1].fd;
  bool ready = (channels_[0].fd && channels_[0].ready) || (channels_[1].fd && channels_[1].ready);
  return !open || (stop_draining_ && !ready);
}

StreamOwner::Output Process::fill_output(std::span<uint8_t> space) {
  size_t got = take_leftover(space);
  if (got == 0 && space.size() > kOutputHeaderSize) {
    got = read_any(space);
  } else if (got == 0) {
    leftover_begin_ = 0;
    leftover_end_ = read_any(leftover_);
    got = take_leftover(space);
  }
  if (got > 0) {
    if (!exit_ || !is_init_) drain_from_us_ = steady_us();
    return {got, Then::kMore};
  }
  return {0, exit_ && is_drained() ? Then::kEnd : Then::kWait};
}

Headers Process::trailers() {
  return {{"x-exit-code", std::to_string(exit_->code)},
          {"x-signal", std::to_string(exit_->signal)},
          {"x-oom-killed", exit_->out_of_memory ? "1" : "0"},
          {"x-at", std::to_string(exit_->at_us)}};
}

void Process::end(const Exit& exit) {
  // The end can be seen before the error channel's: what that says comes first.
  if (state_ == State::kStarting) read_error_channel();
  exit_ = exit;
  drain_from_us_ = steady_us();
  for (Channel& channel : channels_) channel.ready = true;
  discard_input();
  // Only now, so that whoever reads of a failure may use the id again.
  if (state_ == State::kFailed && caller_)
    caller_->server.respond_error(caller_->stream, parse_failure(failure_));
  resume();
}

int64_t Process::drain_deadline_us() const {
  if (!exit_ || !caller_ || stop_draining_ || state_ != State::kRunning) return -1;
  return drain_from_us_ + kDrainUs;
}

void Process::stop_draining() {
  stop_draining_ = true;
  resume();
}

void Process::resume() {
  if (caller_ && state_ == State::kRunning) caller_->server.resume(caller_->stream);
}

void Process::detach() {
  caller_.reset();
  discard_input();
  if (exit_) return;
  // From now on output is read to be thrown away, a little at a time for as long as there is some.
  for (Channel& channel : channels_) {
    if (channel.fd) loop_.change(channel.fd.get(), EPOLLIN);
  }
}

}  // namespace bulkhead::guest
