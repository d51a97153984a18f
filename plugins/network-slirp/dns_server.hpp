// The resolver of a network: its zone first, then the host's resolvers, unless the network is
// internal. Datagrams are handed to it by the gateway; for TCP it listens on the host's loopback,
// on a port of the kernel's choice, where the gateway redirects its own port 53 to. Nobody else is
// served there: `is_ours` says which connections the gateway has made. When there are too many of
// them, the one that has been quiet the longest goes: who holds them open keeps nobody else out.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "core/loop/fd_stream.hpp"
#include "core/loop/listener.hpp"
#include "dns_forwarder.hpp"
#include "dns_zone.hpp"

namespace bulkhead::net {

class DnsServer {
 public:
  static constexpr size_t kMaxConnections = 256;
  using IsOurs = std::function<bool(const SocketAddress& peer)>;

  DnsServer(loop::Loop& loop, DnsZone& zone, DnsForwarder* forwarder, IsOurs is_ours);

  using Reply = std::function<void(Buffer answer)>;
  // `reply` comes now, later or, for what is no question, never. Over UDP what doesn't fit is cut.
  void ask(const Ip& asker, Bytes message, bool udp, const Reply& reply);

  // 0 if there is no listener of that family.
  uint16_t tcp_port(bool v6) const { return v6 ? port6_ : port4_; }

 private:
  struct Connection {
    std::unique_ptr<loop::FdStream> stream;
    std::unique_ptr<loop::Timer> timer;
    std::string in;
    size_t asked = 0;  // questions without their answers yet
  };
  using Position = std::list<std::shared_ptr<Connection>>::iterator;

  uint16_t listen(const Ip& ip, std::unique_ptr<loop::Listener>& listener);
  void accepted(UniqueFd socket);
  void received(const std::shared_ptr<Connection>& connection, std::string_view bytes);
  void close(const std::shared_ptr<Connection>& connection);

  loop::Loop& loop_;
  DnsZone& zone_;
  DnsForwarder* forwarder_;  // none: there is nothing outside
  IsOurs is_ours_;
  uint16_t port4_ = 0, port6_ = 0;
  std::list<std::shared_ptr<Connection>> connections_;  // the longest quiet first
  std::unique_ptr<loop::Listener> listener4_, listener6_;
};

}  // namespace bulkhead::net
