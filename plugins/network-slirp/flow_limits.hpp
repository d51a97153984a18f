// How much of libslirp one member may occupy. It keeps a host socket and buffers per UDP source
// port and per ping; without a bound one container could take the host's descriptors and memory
// from all others of its network. (What TCP may take is TcpRelay's matter.)
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
  static constexpr size_t kMaxUdp = 512;
  static constexpr size_t kMaxPings = 64;
  static constexpr std::chrono::seconds kUdpLife{245};  // libslirp forgets after 240

  // A packet of the member on its way to the gateway: false if it must be dropped.
  bool admit(const Packet& packet, Clock::time_point now);
  // A packet of the gateway on its way to the member.
  void seen(const Packet& packet, Clock::time_point now);

 private:
  bool admit_udp(const Packet& packet, Clock::time_point now);
  bool admit_ping(const Packet& packet, Clock::time_point now);

  std::map<std::pair<bool, uint16_t>, Clock::time_point> udp_;             // IPv6?, source port
  std::map<std::tuple<Ip, uint16_t, uint16_t>, Clock::time_point> pings_;  // to, id, sequence
};

}  // namespace bulkhead::net
