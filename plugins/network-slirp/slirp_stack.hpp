// libslirp, and the only file that includes it: frames in, frames out, its sockets in a loop.
//
// Its descriptors are kept in an epoll set of their own, brought up to date before each wait
// (libslirp says only then what it waits for); the loop watches the set as one descriptor. libslirp
// is told only what gateway_policy and frame checks have passed; ARP, neighbour discovery, router
// advertisements and names are not its business here.
//
// Two things are done to its sockets that it doesn't do itself. A closed connection is reset unless
// both sides had finished (SO_LINGER 0), so that a client of a published port sees a refusal as
// one. And a listening socket gets a backlog for more than one client at a time.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "bulkhead/unique_fd.hpp"
#include "core/loop/handles.hpp"
#include "lease.hpp"
#include "packet.hpp"

struct Slirp;

namespace bulkhead::net {

class SlirpStack {
 public:
  // `out` gets every frame for the network and may change it; it must not call input().
  SlirpStack(loop::Loop& loop, const Gateway& gateway, size_t mtu,
             std::function<void(std::span<uint8_t>)> out,
             std::function<void(const std::string&)> complain);
  ~SlirpStack();
  SlirpStack(const SlirpStack&) = delete;
  SlirpStack& operator=(const SlirpStack&) = delete;

  void input(Bytes frame);
  // From within `out`: as soon as libslirp can take it.
  void input_later(Buffer frame) { later_.push_back(std::move(frame)); }

  // Listens on the host and carries what comes to the guest's address: 0, or the errno.
  int publish(bool udp, const SocketAddress& host, const SocketAddress& guest);
  void unpublish(bool udp, const SocketAddress& host);
  // After publishing: makes the backlogs of what listens longer than libslirp does.
  void widen_backlogs();

  // Does a socket of this stack have this local address? Then a connection from there is one of a
  // member, carried by us.
  bool is_own_connection(const SocketAddress& local) const;

 private:
  struct Callbacks;
  struct PrepareHandle;

  void before_wait();
  void serve();
  void refresh_clock();
  void drain_later();
  int want(int fd, int events);
  void forget(int fd);

  loop::Loop& loop_;
  std::function<void(std::span<uint8_t>)> out_;
  std::function<void(const std::string&)> complain_;
  Slirp* slirp_ = nullptr;

  UniqueFd epoll_;
  std::unordered_map<int, uint32_t> registered_;           // what epoll waits for
  std::unordered_set<int> wanted_;                         // in this round
  std::unordered_map<int, int> ready_;                     // what epoll said, as libslirp names it
  mutable std::unordered_map<int, uint16_t> connections_;  // with their ports, once known
  std::vector<Buffer> later_;
  int64_t served_ms_ = 0;

  loop::Timer timer_;
  std::unique_ptr<PrepareHandle> prepare_;
  std::unique_ptr<loop::Poll> poll_;  // last: closed before the descriptor
};

}  // namespace bulkhead::net
