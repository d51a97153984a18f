// One process of the container: its stream to the guest, its client if one is attached, its log if
// it is the first.
//
//     starting --200--> running --trailers--> draining --client took the exit--> ended
//         \--error, deadline, lost--> ended          \--no client--> ended
//
// started() is called exactly once, exited() exactly once if started() told a success, ended()
// last. Output goes to the log first, then to the client; a client that reads slowly closes the
// stream's window and so slows the process down, unless release_backpressure() was called (somebody
// wants the container to end). The guest's word is taken within bounds: exit codes 0-255, a time
// near ours.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "attach_connection.hpp"
#include "guest_channel.hpp"
#include "guest_output.hpp"
#include "h2_client.hpp"
#include "requests.hpp"

namespace bulkhead::qemu {

struct ProcessExit {
  int exit_code = 0;
  int signal = 0;  // 0: none
  bool oom_killed = false;
  int64_t at_us = 0;
  std::string reason = "exited";  // "vm-lost", "killed"
};

// A process that can't tell any more how it ended was killed with its machine: what a shell says of
// SIGKILL.
inline constexpr int kLostExitCode = 137;

class GuestProcess final : public H2Exchange {
 public:
  struct Callbacks {
    std::function<void(Result<int64_t> pid)> started;
    std::function<void(const ProcessExit&)> exited;
    std::function<void(LogStream, std::string_view)> output;  // empty: nobody keeps it
    std::function<void()> ended;  // nothing is left to do; may destroy the process
  };
  enum class State { kStarting, kRunning, kDraining, kEnded };

  GuestProcess(loop::Loop& loop, GuestChannel& guest, ProcessRequest request, UniqueFd client,
               Callbacks callbacks);
  ~GuestProcess() override;

  void start(Milliseconds deadline);
  void signal(int number, GuestChannel::Answer answer);
  void release_backpressure();
  // What a lost connection will be reported as from now on.
  void expect_kill() { lost_reason_ = "killed"; }

  const std::string& id() const { return request_.id; }
  bool running() const { return state_ == State::kRunning; }
  bool alive() const { return state_ == State::kStarting || state_ == State::kRunning; }
  State state() const { return state_; }

 private:
  Pulled pull_body(std::span<uint8_t> into) override;
  void on_response(const H2Fields& fields) override;
  void on_body(std::span<const uint8_t> bytes) override;
  void on_trailers(const H2Fields& fields) override;
  void on_end(const Status& how) override;

  void on_output(LogStream stream, std::string_view bytes);
  void on_control(const Json& message);
  void on_room();
  void fail_start(Error error);
  void finish(const ProcessExit& how);
  void end_client(const Json& last);
  std::string path(std::string_view verb) const;

  GuestChannel& guest_;
  ProcessRequest request_;
  Callbacks callbacks_;
  State state_ = State::kStarting;
  int32_t stream_ = 0;
  std::string head_;  // length and JSON, until sent
  size_t head_sent_ = 0;
  int error_status_ = 0;
  std::string error_body_;
  GuestOutput frames_;
  size_t withheld_ = 0;  // bytes taken from the guest that its window doesn't know of yet
  bool hold_back_ = true;
  std::optional<ProcessExit> exit_;
  std::string lost_reason_ = "vm-lost";
  // For answers that come after the end.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  loop::Timer deadline_;
  loop::Timer later_;
  std::unique_ptr<AttachConnection> client_;
};

}  // namespace bulkhead::qemu
