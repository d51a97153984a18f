// The switch's end of a member's cable: a SOCK_SEQPACKET Unix socket, one Ethernet frame a packet.
//
// Neither direction waits for the other: a member that doesn't read loses frames once kMaxQueued
// bytes wait for it, as on a real wire. What fits into the kernel's buffer is sent without a copy.
// After the other end is closed nothing is read or sent any more.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "bulkhead/unique_fd.hpp"
#include "core/loop/handles.hpp"
#include "packet.hpp"

namespace bulkhead::net {

// [0] = the VM's end, [1] = the switch's.
Result<std::pair<UniqueFd, UniqueFd>> make_cable();
// Is this descriptor the end of such a cable?
bool is_cable(int fd);

class FrameSocket {
 public:
  static constexpr size_t kMaxQueued = 2 << 20;

  // None of them may destroy this object.
  struct Callbacks {
    std::function<void(std::span<uint8_t>)> frame;
    std::function<void()> batch;  // after some frames, when no more are here
    std::function<void()> room;   // everything that waited has been sent
  };
  FrameSocket(loop::Loop& loop, UniqueFd end, Callbacks callbacks);

  void send(Bytes frame);
  int fd() const { return end_.get(); }
  size_t queued() const { return queued_; }

 private:
  void ready(int events);
  void receive();
  void flush();
  bool send_now(Bytes frame);
  void watch();

  UniqueFd end_;
  Callbacks callbacks_;
  std::deque<Buffer> queue_;
  size_t queued_ = 0;
  bool closed_ = false;
  std::unique_ptr<loop::Poll> poll_;  // last: closed before the descriptor
};

}  // namespace bulkhead::net
