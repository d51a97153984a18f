// One TCP connection of a container that the gateway carries: TCP towards the container, a socket
// of the host behind it. Bytes and the ends of both directions pass, each on its own; a reset on
// one side is a reset on the other.
//
//  - Towards the container: what the socket has is read into a frame, sent, and kept until it is
//    acknowledged. Nothing is read while the container's window, kMostUnacknowledged or its cable
//    has no room, so that the host's sender is held up, and nothing is lost but by a container that
//    is out of memory; then the oldest segment is sent again, after three acknowledgements of the
//    same or by the clock.
//  - From the container: a segment in order goes into the socket at once. What the socket doesn't
//    take is kept, and the window that is offered is what may still be kept. Segments ahead of
//    their turn are dropped: a cable keeps order.
//  - An acknowledgement waits a moment for something to ride on: each frame costs the container an
//    interrupt, and under emulation these are dear.
//
// It calls nobody but the cable. After each call `ended` says whether it may be destroyed, and
// `owes` what is to be called next.
#pragma once

#include <chrono>
#include <deque>

#include "bulkhead/unique_fd.hpp"
#include "member.hpp"
#include "tcp_segment.hpp"

namespace bulkhead::net {

class TcpConnection {
 public:
  using Clock = std::chrono::steady_clock;
  // Of one connection, in each direction.
  static constexpr uint32_t kMostUnacknowledged = 1 << 20;
  static constexpr uint32_t kMostKept = 1 << 20;
  // Of one container; beyond it each connection has one small segment.
  static constexpr size_t kMostOfMember = 64 << 20;

  struct Wire {
    Member* member = nullptr;
    Ends ends;  // from the gateway's side to the member
    uint16_t other_port = 0, member_port = 0;
    size_t mtu = 1500;
    Ip gateway;  // who says that a host can't be reached
  };

  // The member's SYN is the reason for a connection to the host that has been begun.
  TcpConnection(const Wire& wire, UniqueFd socket, const Packet& syn);
  // Somebody came in by a published port.
  TcpConnection(const Wire& wire, UniqueFd socket);
  ~TcpConnection();
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;

  void segment(const Packet& packet);
  void socket_ready(uint32_t events);  // epoll's, edge-triggered
  void cable_has_room() { pump(); }
  bool waits_for_cable() const { return waits_for_cable_; }
  void tick(Clock::time_point now);
  void acknowledge();  // if that is still owed
  // Ends both sides at once.
  void abort();

  enum class Owes { kNothing, kSoon, kNow };
  Owes owes() const { return owes_; }
  bool ended() const { return state_ == State::kEnded; }
  // Is there anything the clock must see to?
  bool waits() const;
  int fd() const { return socket_.get(); }
  const Wire& wire() const { return wire_; }

 private:
  enum class State { kConnecting, kAnswering, kAsking, kOpen, kEnded };
  struct Sent {
    Buffer data;  // kTcpRoom, what is sent, and perhaps more
    size_t size;  // of the first two
    uint32_t seq;
    uint8_t flags;
    uint32_t end() const;
  };

  void connected(int error);
  void open_answered(const Packet& packet);
  bool take_acknowledgement(const Packet& packet);
  void take_data(const Packet& packet);
  void into_socket(Bytes bytes);
  void drain();
  void offer_more();
  void pump();
  uint32_t may_read() const;
  bool read_some(uint32_t most);
  void send_kept(Buffer room, size_t size, uint8_t flags);
  void say(uint32_t seq, uint8_t flags);
  void send_syn();
  void transmit(std::span<uint8_t> room, uint32_t seq, uint8_t flags);
  void send_again();
  void probe();
  void reset_member();
  void finish();
  void end(bool reset_socket);
  uint32_t offered() const;
  uint32_t in_flight() const { return next_ - acknowledged_; }

  Wire wire_;
  UniqueFd socket_;
  State state_;
  Clock::time_point begun_;

  // Towards the member.
  std::deque<Sent> sent_;
  uint32_t acknowledged_, next_;  // sequence numbers of ours
  uint32_t window_ = 0;           // the member's
  uint8_t scale_ = 0;
  uint32_t biggest_ = 536;
  size_t of_member_ = 0;  // what of the member's tcp_bytes is ours
  int same_ = 0;          // acknowledgements of the same in a row
  int tries_ = 0;
  Clock::time_point again_{};
  bool readable_ = false, read_to_end_ = false, waits_for_cable_ = false;
  bool hung_up_ = false;
  bool fin_sent_ = false;

  // From the member.
  Buffer kept_;  // what the socket hasn't taken
  size_t kept_from_ = 0;
  uint32_t expected_ = 0;  // its sequence numbers
  uint32_t window_end_ = 0;
  bool scaled_ = false;
  uint32_t unacknowledged_ = 0;
  bool member_fin_ = false, socket_shut_ = false;
  Owes owes_ = Owes::kNothing;
  Buffer syn_;  // the member's, while the host hasn't answered
};

}  // namespace bulkhead::net
