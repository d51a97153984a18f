// The name service of a network: the zone first, the host's servers for the rest, nobody for the
// rest of an internal network. Datagrams come and go as frames of the gateway; TCP as connections
// to a listener on this host's loopback, to which the switch turns the gateway's port 53
// (network.cpp).
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "bulkhead/unique_fd.hpp"
#include "dns_forwarder.hpp"
#include "dns_zone.hpp"

namespace bulkhead::network::dns {

class Service {
 public:
  using Done = Forwarder::Done;
  Service(Zone::Host host, bool internal, std::string resolv_conf, uint16_t server_port = 53)
      : zone_(std::move(host)),
        internal_(internal),
        forwarder_(std::move(resolv_conf), server_port) {}

  Zone& zone() { return zone_; }
  // `done` at once or later, or never if the bytes are no question.
  void ask(Bytes question, bool tcp, Milliseconds now, const Done& done);

  // Of the listeners on 127.0.0.1 and [::1]; 0 if there can be none.
  uint16_t listen();

  void fill(PollSet& set, Milliseconds now);
  void handle(const PollSet& set, Milliseconds now);

 private:
  struct Connection;
  static constexpr std::size_t kMostConnections = 64;
  void accept_from(int listener, Milliseconds now);

  Zone zone_;
  bool internal_;
  Forwarder forwarder_;
  struct Listener {
    UniqueFd fd;
    int place = -1;
  };
  std::vector<Listener> listeners_;
  std::list<std::shared_ptr<Connection>> connections_;
};

}  // namespace bulkhead::network::dns
