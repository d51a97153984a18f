// The two sockets of a resolver, UDP and TCP at one address: both or none. Only the loopback will
// do, as what is told here is nobody's business outside this host.
#pragma once

#include "address.hpp"
#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::names {

struct Listening {
  UniqueFd udp, tcp;
};

bool is_loopback(const net::Ip& ip);

// kInvalid: not the loopback; kConflict: somebody else has the port; kDenied: only root may have
// it.
Result<Listening> listen_at(const net::Ip& ip, uint16_t port);

}  // namespace bulkhead::names
