// The resolver of a network: its zone first, then the host's resolvers, unless the network is
// internal. Datagrams are handed to it by the gateway; for TCP it listens on the host's loopback,
// on a port of the kernel's choice, where the gateway redirects its own port 53 to. Nobody else is
// served there: `is_ours` says which connections the gateway has made. When there are too many of
// them, the one that has been quiet the longest goes: who holds them open keeps nobody else out.
#pragma once

#include <functional>

#include "dns_forwarder.hpp"
#include "dns_streams.hpp"
#include "dns_zone.hpp"

namespace bulkhead::net {

class DnsServer {
 public:
  using IsOurs = std::function<bool(const SocketAddress& peer)>;

  DnsServer(loop::Loop& loop, DnsZone& zone, DnsForwarder* forwarder, IsOurs is_ours);

  using Reply = DnsStreams::Reply;
  // `reply` comes now, later or, for what is no question, never. Over UDP what doesn't fit is cut.
  void ask(const Ip& asker, Bytes message, bool udp, const Reply& reply);

  // 0 if there is no listener of that family.
  uint16_t tcp_port(bool v6) const { return v6 ? port6_ : port4_; }

 private:
  uint16_t listen(const Ip& ip);

  DnsZone& zone_;
  DnsForwarder* forwarder_;  // none: there is nothing outside
  uint16_t port4_ = 0, port6_ = 0;
  DnsStreams streams_;
};

}  // namespace bulkhead::net
