// The gateway's TCP: the connections of all members with the host and the world beyond it, and the
// listeners of published ports.
//
// libslirp's own TCP has a window of 64 KiB and no scale for it, which is one frame and a half of
// this network: it waits for the container after each. So libslirp keeps UDP and pings, and what is
// TCP comes here, after the same policy.
//
// Sockets are in an epoll set of their own, edge-triggered, so that none is added or changed again
// while its connection lives. A connection is known by a number in it, never by its descriptor,
// which may be another's by then.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/loop/handles.hpp"
#include "tcp_connection.hpp"

namespace bulkhead::net {

class Switch;

class TcpRelay {
 public:
  // Of one member. A bound of descriptors and memory of the host, which all members share.
  static constexpr size_t kMostOfMember = 4096;

  struct Parts {
    Gateway gateway;
    size_t mtu = 1500;
    // Where on the host's loopback the gateway's port 53 is; 0: nowhere.
    std::function<uint16_t(bool v6)> dns_port;
  };

  TcpRelay(loop::Loop& loop, Parts parts, const Switch& members);
  ~TcpRelay();

  // A segment of the member that policy lets pass.
  void receive(Member& member, const Packet& packet);
  // After a batch of them: what is owed is sent.
  void settle();
  void cable_has_room(const Member& member);
  // Its connections are reset, on the host's side: it hears nothing any more.
  void forget(Member& member);

  // Listens on the host and carries what comes to the guest's address: 0, or the errno.
  int publish(const SocketAddress& host, const Ip& guest, uint16_t port);
  void unpublish(const SocketAddress& host);

  // Does a socket of a connection have this local address? Then who is there is a member.
  bool is_own_connection(const SocketAddress& local) const;

 private:
  using Number = uint64_t;
  struct Key {
    Ip member, other;
    uint16_t member_port, other_port;
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const;
  };
  struct Listener {
    UniqueFd socket;
    SocketAddress host;
    Ip guest;
    uint16_t port;
  };
  using Connections = std::unordered_map<Key, Number, Hash>;

  void serve();
  void event(Number number, uint32_t events);
  void accept_all(Number number, const Listener& listener);
  void rest(Number number, const Listener& listener);
  void accepted(const Listener& listener, UniqueFd socket, const SocketAddress& peer);
  void open(Member& member, const Packet& syn, const Key& key);
  UniqueFd begin_connection(const Packet& syn) const;
  void add(const Key& key, UniqueFd socket, const Packet* syn, Member& member);
  void after(Number number, TcpConnection& connection);
  void remove(Number number);
  void tick();
  bool watch(int fd, Number number, uint32_t events, int how) const;

  loop::Loop& loop_;
  Parts parts_;
  const Switch& members_;
  UniqueFd epoll_;
  Number next_number_ = 1;
  std::unordered_map<Number, std::unique_ptr<TcpConnection>> connections_;
  std::unordered_map<Number, Listener> listeners_;
  Connections numbers_;
  std::vector<Number> soon_, now_;  // who owes an acknowledgement
  std::vector<Number> resting_;     // listeners for whose clients there was no descriptor
  std::unordered_map<const Member*, std::unordered_set<Number>> blocked_;  // by a full cable
  loop::Timer soon_timer_, tick_timer_;
  std::unique_ptr<loop::Poll> poll_;  // last: closed before the descriptor
};

}  // namespace bulkhead::net
