// One question to one resolver: over UDP first, and over TCP if the answer didn't fit.
//
// The question leaves from a fresh port with a fresh id, and only what comes from the resolver's
// address with that id and that question is its answer: whoever guesses must guess both.
#pragma once

#include <functional>
#include <memory>

#include "bulkhead/unique_fd.hpp"
#include "core/loop/handles.hpp"
#include "dns_message.hpp"
#include "resolv_conf.hpp"

namespace bulkhead::net {

class DnsExchange {
 public:
  // The answer with the exchange's own id, or empty: this resolver doesn't answer. May destroy the
  // exchange.
  using Done = std::function<void(Buffer answer)>;
  static constexpr uint16_t kDnsPort = 53;

  DnsExchange(loop::Loop& loop, const Resolver& resolver, uint16_t port, DnsQuery query,
              Bytes message, Done done);
  void start();

 private:
  bool open(bool tcp);
  void ask_over_udp();
  void ask_over_tcp();
  void receive_udp();
  void tcp_ready(int events);
  void finish(Buffer answer);

  loop::Loop& loop_;
  Resolver resolver_;
  uint16_t port_;
  DnsQuery query_;
  Buffer message_;
  uint16_t id_ = 0;
  Done done_;

  UniqueFd socket_;
  Buffer truncated_;  // what UDP brought, should TCP fail
  Buffer out_, in_;   // over TCP, with their lengths
  loop::Timer timer_;
  std::unique_ptr<loop::Poll> poll_;  // last: closed before the descriptor
};

}  // namespace bulkhead::net
