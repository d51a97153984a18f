// The resolver: a name table behind two sockets. Who asks from beyond the loopback, by whatever way
// his packet has come, isn't answered.
#pragma once

#include "core/loop/handles.hpp"
#include "dns_streams.hpp"
#include "listening.hpp"
#include "name_table.hpp"

namespace bulkhead::names {

class Responder {
 public:
  Responder(loop::Loop& loop, Listening sockets, NameTable table);

  void set_table(NameTable table) { table_ = std::move(table); }

 private:
  void receive();

  NameTable table_;
  net::DnsStreams streams_;
  UniqueFd udp_;
  loop::Poll poll_;  // last: closed before the descriptor
};

}  // namespace bulkhead::names
