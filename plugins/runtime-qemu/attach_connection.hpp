// A client's connection, attached to a process: stream frames both ways (sdk/schema/METHODS.md,
// "The attach connection").
//
// Invariants. Nothing is read from the client while its last control frame is being carried out or
// while 64 KiB of its standard input wait for the guest: so a client can make this host hold
// little, whatever it sends. Output is queued without limit here; it is the owner who watches
// congested() and stops asking the guest for more. After finish() the connection says one last
// thing and closes; a client that doesn't read it is given up on after a while.
//
// Callbacks come from the loop's own turn only, never from inside a call. gone() may destroy the
// connection, the others may not.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bulkhead/json.hpp"
#include "bulkhead/log_record.hpp"
#include "bulkhead/stream_frame.hpp"
#include "bulkhead/unique_fd.hpp"
#include "core/loop/fd_stream.hpp"

namespace bulkhead::qemu {

class AttachConnection {
 public:
  struct Callbacks {
    std::function<void()> stdin_ready;                 // take_stdin() has something, or the end
    std::function<void(const Json& message)> control;  // answer with control_done()
    std::function<void()> room;                        // no longer congested()
    std::function<void()> gone;                        // closed by either side; the last call
  };

  AttachConnection(loop::Loop& loop, UniqueFd fd, Callbacks callbacks);

  // Reading begins here: the process exists and can take what the client sends.
  void begin();

  void send(LogStream stream, std::string_view bytes);
  void send_control(const Json& message);
  void finish(const Json& last);
  bool congested() const { return stream_.queued() > kCongested; }

  size_t take_stdin(std::span<uint8_t> into);
  // No more input will come, and all there was has been taken.
  bool stdin_ended() const { return (stdin_end_ || finishing_) && stdin_.empty(); }
  void control_done();

 private:
  static constexpr size_t kCongested = 256 << 10;

  void on_bytes(std::string_view bytes);
  void on_closed();
  void on_finished();
  void on_drained();
  void take_frames();
  void take_frame(const StreamFrame& frame);
  void refuse(const std::string& why);

  Callbacks callbacks_;
  StreamFrameDecoder decoder_;
  std::string stdin_;
  size_t stdin_taken_ = 0;
  bool stdin_end_ = false;
  bool in_control_ = false;
  bool finishing_ = false;
  bool was_congested_ = false;
  loop::Timer later_;  // carries on from the loop's own turn
  loop::Timer giving_up_;
  loop::FdStream stream_;  // last: no callback once anything else is gone
};

}  // namespace bulkhead::qemu
