// How much of the gateway one member may occupy. libslirp keeps a host socket and buffers per TCP
// connection, per UDP source port and per ping, and a buffer of the size of the MTU for each
// segment that arrives ahead of its turn; without a bound one container could take the host's
// descriptors and memory from all others of its network.
//
// To know when a connection is over, and how to end it when its container is gone, the sequence
// numbers of both directions are followed.
#pragma once

#include <chrono>
#include <map>
#include <tuple>
#include <vector>

#include "lease.hpp"
#include "packet.hpp"

namespace bulkhead::net {

class FlowLimits {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kMaxTcp = 4096;
  static constexpr size_t kMaxUdp = 512;
  static constexpr size_t kMaxPings = 64;
  // Segments that the gateway has taken and not acknowledged.
  static constexpr size_t kMaxAheadPerFlow = 256;
  static constexpr size_t kMaxAhead = 1024;
  static constexpr std::chrono::seconds kUdpLife{245};  // libslirp forgets after 240
  static constexpr std::chrono::seconds kOpening{80};   // libslirp gives up after 75
  static constexpr std::chrono::seconds kClosing{65};   // ... TIME_WAIT after 60

  // A packet of the member on its way to the gateway: false if it must be dropped.
  bool admit(const Packet& packet, Clock::time_point now);
  // A packet of the gateway on its way to the member.
  void seen(const Packet& packet, Clock::time_point now);
  // What the member would say to end all its connections at once.
  std::vector<Buffer> resets(const Lease& lease, Mac gateway) const;

  size_t tcp() const { return tcp_.size(); }
  size_t ahead() const { return ahead_; }

 private:
  using TcpKey = std::tuple<Ip, Ip, uint16_t, uint16_t>;  // member, other, their ports
  struct Tcp {
    Clock::time_point at;
    bool answered = false;  // both sides have spoken
    bool member_fin = false, gateway_fin = false;
    uint32_t member_next = 0, gateway_next = 0;
    std::vector<uint32_t> ahead;  // the ends of segments the gateway hasn't acknowledged
  };

  bool admit_tcp(const Packet& packet, Clock::time_point now);
  bool admit_udp(const Packet& packet, Clock::time_point now);
  bool admit_ping(const Packet& packet, Clock::time_point now);
  void seen_tcp(const Packet& packet, Clock::time_point now);
  bool make_room_for_tcp(Clock::time_point now);
  std::map<TcpKey, Tcp>::iterator forget(std::map<TcpKey, Tcp>::iterator flow);

  std::map<TcpKey, Tcp> tcp_;
  std::map<std::pair<bool, uint16_t>, Clock::time_point> udp_;             // IPv6?, source port
  std::map<std::tuple<Ip, uint16_t, uint16_t>, Clock::time_point> pings_;  // to, id, sequence
  size_t ahead_ = 0;
  Clock::time_point swept_{};
};

}  // namespace bulkhead::net
