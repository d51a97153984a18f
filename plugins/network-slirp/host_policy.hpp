// What a member may send to the host through the TAP. Pure.
//
// Only what is addressed to the host's own address on this network, so that a container of this
// network can't reach what listens on another one; and only answers, if the network is internal or
// keeps the host out of reach.
#pragma once

#include "answers.hpp"
#include "lease.hpp"
#include "packet.hpp"

namespace bulkhead::net {

bool may_reach_host(const Packet& packet, const Lease& host, bool only_answers,
                    const Answers& answers, Answers::Clock::time_point now);

}  // namespace bulkhead::net
