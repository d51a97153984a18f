// One connection through the wall: a Unix socket on this side, an HTTP/2 stream to the guest, which
// has the other socket. What is read here becomes the request's body, the answer's body is written
// here.
//
//     reading here ends     -> END_STREAM; the guest may go on sending
//     the guest's END_STREAM -> the writing direction is shut down; what is read goes on
//     writing here fails, the guest resets -> both directions are over
//
// Neither side makes this host hold much: 64 KiB, and what one read brings on top, wait for the
// guest before the socket isn't read any longer; a program that doesn't read leaves at most the
// stream's window here, and all of them together at most their budget, beyond which the
// connection that came for more is cut off (so much lies here only if hundreds of connections stall
// at once, or if the guest ignores their windows). What had come before a reset is still delivered.
//
// Without a socket (nobody listens here) the guest's connection is closed as soon as it can be.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bulkhead/unique_fd.hpp"
#include "core/loop/fd_stream.hpp"
#include "guest_channel.hpp"
#include "h2_client.hpp"

namespace bulkhead::qemu {

struct TunnelBudget {
  size_t most = 256 << 20;
  size_t held = 0;  // taken from the guest and not yet from here
};

class Tunnel final : public H2Exchange {
 public:
  // `ended` is called once, from the loop's own turn, and may destroy the tunnel.
  Tunnel(loop::Loop& loop, GuestChannel& guest, TunnelBudget& budget, UniqueFd host,
         std::function<void()> ended);
  ~Tunnel() override;

  void open(const std::string& path);

 private:
  Pulled pull_body(std::span<uint8_t> into) override;
  void on_response(const H2Fields& fields) override;
  void on_body(std::span<const uint8_t> bytes) override;
  bool on_answer_end() override;
  void on_trailers(const H2Fields&) override {}
  void on_end(const Status& how) override;

  void on_read(std::string_view bytes);
  void on_read_end();
  void on_written();
  void cut_off();
  void release();
  void check_over();

  GuestChannel& guest_;
  TunnelBudget& budget_;
  int32_t stream_ = 0;
  std::string to_guest_;
  size_t to_guest_sent_ = 0;
  bool paused_ = false;
  bool read_end_ = false;    // no more will come from this side
  bool answer_end_ = false;  // nor from the guest
  size_t held_ = 0;          // of the guest's bytes, those that its window doesn't know of yet
  loop::Timer ended_;
  std::unique_ptr<loop::FdStream> host_;  // null: never was there, or is gone
};

}  // namespace bulkhead::qemu
