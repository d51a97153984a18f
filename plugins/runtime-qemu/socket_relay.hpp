// The container's sockets (Machine.sockets): who connects on one side of the wall reaches the
// listener on the other.
//
// To the guest: this host listens from listen() on and accepts once the guest is there. To the
// host: the guest tells of each connection on one long answer, and the path here is opened anew for
// each, so that an agent that was restarted, or moved, is found again; if nobody listens there, the
// guest's connection is closed and nothing else happens.
//
// At most kMostTunnels connections are open at once, which leaves processes some of the streams
// that the guest allows. More wait where they came from: in the kernel's queue on this side, in the
// guest's unread notices on the other.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "guest_channel.hpp"
#include "machine.hpp"
#include "published_socket.hpp"
#include "socket_notices.hpp"
#include "tunnel.hpp"

namespace bulkhead::qemu {

class SocketRelay final : private H2Exchange {
 public:
  static constexpr size_t kMostTunnels = 1000;

  // `remark`: a line for the service's log.
  SocketRelay(loop::Loop& loop, std::vector<Socket> sockets,
              std::function<void(std::string_view)> remark);
  ~SocketRelay() override;

  // Makes every listener of this side or none.
  Status listen();
  // The guest is there. It must outlive this object, or else end() comes first.
  void serve(GuestChannel& guest);
  // The guest is gone; what it has said is still delivered.
  void end();

  size_t tunnels() const { return tunnels_.size(); }

 private:
  struct Arrival {
    SocketNotice notice;
    int64_t until_us = 0;  // how long it may wait for a listener that is busy; 0: not yet asked
  };

  Pulled pull_body(std::span<uint8_t>) override { return {0, true}; }
  void on_response(const H2Fields& fields) override { answer_status_ = fields.status; }
  void on_body(std::span<const uint8_t> bytes) override;
  void on_trailers(const H2Fields&) override {}
  void on_end(const Status& how) override;

  void on_notice(const SocketNotice& notice);
  void give_up_notices(const std::string& why);
  void admit();
  bool admit_from_guest(Arrival& arrival);
  void accept_or_pause();
  void open_tunnel(UniqueFd host, const std::string& path);
  bool full() const { return tunnels_.size() >= kMostTunnels; }

  loop::Loop& loop_;
  std::vector<Socket> sockets_;
  std::function<void(std::string_view)> remark_;
  std::vector<bool> unheard_;  // by socket: it has been told that nobody listens
  GuestChannel* guest_ = nullptr;
  std::map<size_t, std::unique_ptr<PublishedSocket>> published_;  // by socket

  int32_t notices_stream_ = 0;
  int answer_status_ = 0;
  SocketNotices notices_;
  std::deque<Arrival> arrivals_;  // bounded by the stream's window
  size_t unconsumed_ = 0;

  TunnelBudget budget_;
  std::map<uint64_t, std::unique_ptr<Tunnel>> tunnels_;
  uint64_t next_tunnel_ = 0;
  loop::Timer admit_timer_;
};

}  // namespace bulkhead::qemu
