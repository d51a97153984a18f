// One connection through the wall, this side of it: a Unix socket here, a stream to the host.
//
//     the request's body is written to the socket; its end shuts down that direction
//     what is read from the socket is the answer's body; its end ends the answer
//
// The two directions end apart. A host that resets the stream, or goes, closes the socket. What the
// socket doesn't take is kept up to the stream's window; what the host doesn't take isn't read.
#pragma once

#include <string>

#include "bulkhead/unique_fd.hpp"
#include "guest/core/backend.hpp"
#include "guest/init/loop.hpp"

namespace bulkhead::guest {

class Tunnel final : public StreamOwner {
 public:
  Tunnel(Loop& loop, UniqueFd socket, Caller caller);
  ~Tunnel() override;
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  Status watch();
  bool has_ended() const { return ended_; }

  void take_input(std::string_view bytes) override;
  void end_input() override;
  Output fill_output(std::span<uint8_t> space) override;
  Headers trailers() override { return {{"x-end", "1"}}; }
  bool takes_input_after_output() const override { return true; }
  void detach() override;

 private:
  void ready(uint32_t events);
  size_t write_now(std::string_view bytes);
  void flush();

  Loop& loop_;
  UniqueFd socket_;
  Caller caller_;
  std::string input_;  // from written_ on
  size_t written_ = 0;
  bool input_ended_ = false;
  bool broken_ = false;    // nothing can be written any more
  bool readable_ = false;  // there may be something to read
  bool output_ended_ = false;
  bool ended_ = false;
};

}  // namespace bulkhead::guest
