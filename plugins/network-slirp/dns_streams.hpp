// DNS over TCP, as far as it is connections: who may connect, messages with their lengths before
// them, and how much one peer may have open. What a message means is the owner's business.
//
// Bounded: kMaxConnections in all, of which the longest quiet one makes room for the next,
// kMaxAsked questions of one connection without their answers, and a connection that isn't used for
// a while, or doesn't read what it asked for, is closed.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "address.hpp"
#include "core/loop/fd_stream.hpp"
#include "core/loop/listener.hpp"

namespace bulkhead::net {

class DnsStreams {
 public:
  static constexpr size_t kMaxConnections = 256;
  static constexpr size_t kMaxAsked = 16;
  static constexpr size_t kMaxUnread = size_t{1} << 20;

  using Reply = std::function<void(Buffer answer)>;
  // `reply` is called now, later or never; at most once.
  using Ask = std::function<void(Bytes message, const Reply& reply)>;
  using Admits = std::function<bool(const SocketAddress& peer)>;

  DnsStreams(loop::Loop& loop, Ask ask, Admits admits)
      : loop_(loop), ask_(std::move(ask)), admits_(std::move(admits)) {}

  void serve(UniqueFd listening);

 private:
  struct Connection {
    std::unique_ptr<loop::FdStream> stream;
    std::unique_ptr<loop::Timer> timer;
    std::string in;
    size_t asked = 0;  // questions without their answers yet
  };

  void accepted(UniqueFd socket);
  void received(const std::shared_ptr<Connection>& connection, std::string_view bytes);
  void close(const std::shared_ptr<Connection>& connection);

  loop::Loop& loop_;
  Ask ask_;
  Admits admits_;
  std::list<std::shared_ptr<Connection>> connections_;  // the longest quiet first
  std::vector<std::unique_ptr<loop::Listener>> listeners_;
};

}  // namespace bulkhead::net
