// An attached process: the user's three streams on one side, the attach connection of
// sdk/schema/METHODS.md on the other.
//
// One poll loop, bounded buffers: a piece of stdin is read when the former one has left, the
// connection is read when what it brought last has been written. So a slow side slows the other
// down and nothing grows.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "bulkhead/result.hpp"
#include "bulkhead/stream_frame.hpp"
#include "bulkhead/unique_fd.hpp"
#include "terminal/signals.hpp"

namespace bulkhead::cli {

struct ProcessExit {
  int exit_code = 0;
};

struct AttachStreams {
  int in = -1;  // -1: nothing is forwarded
  int out = 1;
  int err = 2;
  int terminal =
      -1;  // whose size SIGWINCH reports; -1: there is none, and SIGWINCH is a signal like others
};

class AttachSession {
 public:
  // `already_read` is what came with the answer to the upgrade.
  AttachSession(UniqueFd connection, const std::string& already_read, AttachStreams streams,
                SignalQueue& signals);

  // A signal that arrived before there was a process to send it to.
  Status pass_on(int signal);
  // Until the process has ended or the connection is lost.
  Result<ProcessExit> run();
  // True if the process was started and nothing says that it has ended: an error of run() is then
  // ours, not its own.
  bool may_still_run() const { return !outcome_; }
  // When the first of its output was written, by the host's clock in microseconds.
  std::optional<int64_t> first_output_us() const { return first_output_us_; }

 private:
  Status step();
  Status take_signals();
  Status read_input();
  Status send_pending();
  Status read_connection();
  Status deliver_frames();
  Status write_output();
  Status take_control(const std::string& body);
  void queue_control(const std::string& body);

  UniqueFd connection_;
  AttachStreams streams_;
  SignalQueue& signals_;

  StreamFrameDecoder decoder_;
  std::string outgoing_;  // one piece of stdin and the control frames before it
  StreamFrame incoming_;  // what is being written to the user
  size_t incoming_written_ = 0;
  bool connection_ended_ = false;
  int stop_requests_ = 0;
  std::optional<int64_t> first_output_us_;
  std::optional<Result<ProcessExit>> outcome_;
};

// The signals that an attached command passes on instead of obeying them.
std::span<const int> forwarded_signals();

}  // namespace bulkhead::cli
