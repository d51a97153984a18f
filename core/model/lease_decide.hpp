// The leases of a container that is to be created, from the networks of its configuration. Each
// failure names the network, what was asked for and who has it.
#pragma once

#include <vector>

#include "bulkhead/result.hpp"
#include "model/lease.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

// configuration.networks -> leases, in its order.
Result<std::vector<Lease>> decide_leases(const State& state, const Json& configuration);

// "F2-62-..." -> "f2:62:..."; refuses what isn't the address of one station.
Result<std::string> normalise_mac(const std::string& text);

}  // namespace bulkhead::model
