// A container on the network: its lease, its cable, and what it holds.
#pragma once

#include <memory>
#include <string>

#include "flow_limits.hpp"
#include "frame_socket.hpp"
#include "lease.hpp"
#include "published_ports.hpp"
#include "reassembly.hpp"

namespace bulkhead::net {

struct Member {
  std::string container;
  Lease lease;
  FlowLimits flows;
  Reassembly pieces;
  PublishedPorts ports;
  std::unique_ptr<FrameSocket> socket;
};

}  // namespace bulkhead::net
