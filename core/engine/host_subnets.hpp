// The IPv4 subnets of this host's own interfaces: what a new network had better not cover, or the
// host's neighbours there couldn't be reached from its containers.
#pragma once

#include <vector>

#include "model/subnet.hpp"

namespace bulkhead::engine {

std::vector<model::Subnet4> host_subnets();

}  // namespace bulkhead::engine
