// libslirp as the network's gateway: packets that leave the network become ordinary sockets of this
// process, and published ports of the host become connections to members. IPv4 and IPv6, TCP, UDP
// and echo requests. What may come in is gateway_policy's business, before input().
//
// libslirp answers ARP and neighbour solicitations for the gateway's addresses itself, under MACs
// that begin with 52:55 (IPv4) or 52:56 (IPv6).
//
// Two things it doesn't do: it listens with a backlog of one, which is made longer; and it closes
// the host's connection in order when the member refuses it, which is made a reset, as the client
// of a refused port expects (refused() below).
#pragma once

#include <slirp/libslirp.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "bulkhead/result.hpp"
#include "ethernet.hpp"
#include "poll_set.hpp"

namespace bulkhead::network {

// One port of the host and the member's that it leads to.
struct PublishedPort {
  std::string host_address;
  uint16_t host_port = 0;
  uint16_t port = 0;
  bool udp = false;
  std::string text() const;  // "127.0.0.1:8080/tcp"
};

struct GatewayPlan {
  Address4 network{};
  int prefix = 24;
  Address4 gateway4{};
  Address6 gateway6{};
  Address6 network6{};
  int prefix6 = 64;
  int mtu = 65520;
};

class Gateway {
 public:
  using Send = std::function<void(Bytes frame)>;
  Gateway(const GatewayPlan& plan, Send to_members);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  static bool owns(const Mac& mac) { return mac[0] == 0x52 && (mac[1] == 0x55 || mac[1] == 0x56); }

  void input(Bytes frame);

  // kConflict or kDenied with the sentence the user reads.
  Status publish(const PublishedPort& port, const Address4& ipv4, const Address6& ipv6);
  void withdraw(const PublishedPort& port);

  void fill(PollSet& set);
  void handle(PollSet& set);

 private:
  struct Callbacks;
  // A connection that the host began and the member hasn't answered: (member's address, its port,
  // the other port).
  using Attempt = std::tuple<Address6, uint16_t, uint16_t>;

  void sent(Bytes frame);
  void refused(const Packet& packet);

  Send to_members_;
  Slirp* slirp_ = nullptr;
  int newest_fd_ = -1;  // registered since the last packet went out
  std::map<Attempt, int> attempts_;
};

}  // namespace bulkhead::network
