// The switch's end of the pair of sockets that a machine's network card hangs on: SOCK_SEQPACKET,
// one frame a packet, so that a frame is sent whole or not at all, whoever dies in between.
//
// A member that doesn't read gets a bounded queue and then loses frames, as on any wire: nobody
// waits for it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "ethernet.hpp"
#include "poll_set.hpp"

namespace bulkhead::network {

class MemberLink {
 public:
  static constexpr std::size_t kMostQueuedBytes = 4 << 20;
  static constexpr int kFramesPerTurn = 64;

  explicit MemberLink(UniqueFd fd) : fd_(std::move(fd)) {}

  void send(Bytes frame);

  void fill(PollSet& set);
  // Hands over what has come, one frame at a time; they are valid during the call.
  void handle(const PollSet& set, const std::function<void(Bytes)>& take);
  // The other end is closed, by everybody who had it.
  bool ended() const { return ended_; }
  int fd() const { return fd_.get(); }

 private:
  bool send_now(Bytes frame);

  UniqueFd fd_;
  std::deque<std::vector<uint8_t>> queue_;
  std::size_t queued_ = 0;
  int place_ = -1;
  bool ended_ = false;
};

// {the machine's end, the switch's end}, with buffers for some of the longest frames.
Result<std::pair<UniqueFd, UniqueFd>> make_link();

}  // namespace bulkhead::network
