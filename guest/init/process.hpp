// A process of the container as the agent sees it: its channels, its stream, its end.
//
// Life: starting (until the error channel closes) -> running -> ended -> finished. Output is read
// straight from the kernel's pipe into the HTTP/2 frame when the host's window has room, so a host
// that reads slowly slows the process down, and nothing is buffered here. Input that the process
// doesn't take is kept up to the stream's window of 1 MiB.
//
// Without a stream (the host reset it, or the session is gone) the process goes on: its input ends,
// its output is discarded, its exit is told to nobody.
#pragma once

#include <sys/types.h>

#include <array>
#include <optional>
#include <string>

#include "guest/core/backend.hpp"
#include "guest/core/output_frame.hpp"
#include "guest/init/loop.hpp"
#include "guest/init/stdio.hpp"

namespace bulkhead::guest {

struct Exit {
  int code = 0;    // 128 + n for a signal
  int signal = 0;  // or 0
  bool out_of_memory = false;
  int64_t at_us = 0;
};

class Process final : public StreamOwner {
 public:
  // is_init: the container's own. pid: what the launcher started.
  Process(Loop& loop, bool is_init, pid_t pid, AgentEnds ends, Caller caller);
  ~Process() override;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  Status watch();

  pid_t pid() const { return pid_; }
  bool has_ended() const { return exit_.has_value(); }
  // Ended, and nobody waits for anything.
  bool is_finished() const { return exit_ && caller_ == std::nullopt; }
  Status resize(TerminalSize size);

  // It was reaped.
  void end(const Exit& exit);
  // When its output counts as drained although someone holds the pipes open; -1 if there is no such
  // moment.
  int64_t drain_deadline_us() const;
  void stop_draining();

  void take_input(std::string_view bytes) override;
  void end_input() override;
  Output fill_output(std::span<uint8_t> space) override;
  Headers trailers() override;
  void detach() override;

 private:
  enum class State { kStarting, kRunning, kFailed };
  struct Channel {
    UniqueFd fd;
    OutputKind kind;
    bool ready = false;  // there may be something to read
  };

  void read_error_channel();
  size_t write_now(std::string_view bytes);
  void write_input();
  void discard_input();
  void close_input();
  void output_ready(Channel& channel);
  void discard_output(Channel& channel);
  void close_channel(Channel& channel);
  size_t read_channel(Channel& channel, std::span<uint8_t> space);
  size_t read_any(std::span<uint8_t> space);
  size_t take_leftover(std::span<uint8_t> space);
  bool is_drained() const;
  void resume();

  Loop& loop_;
  const bool is_init_;
  const pid_t pid_;
  const bool terminal_;
  bool interactive_terminal_;  // until the end of its input has been typed
  State state_ = State::kStarting;
  std::optional<Caller> caller_;
  std::optional<Exit> exit_;

  UniqueFd error_;
  std::string failure_;

  UniqueFd in_;
  std::string input_;  // what the process hasn't taken yet, from input_written_ on
  size_t input_written_ = 0;
  bool input_ended_ = false;

  std::array<Channel, 2> channels_;
  size_t next_channel_ = 0;
  int64_t drain_from_us_ = 0;
  bool stop_draining_ = false;
  // A frame for which the host's window had less room than its header needs.
  std::array<uint8_t, 256> leftover_;
  size_t leftover_begin_ = 0, leftover_end_ = 0;
};

}  // namespace bulkhead::guest
