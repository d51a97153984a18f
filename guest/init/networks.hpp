// The container's network cards, known by their MAC: eth0, eth1 ... in the order in which the host
// names them, with the addresses it has given. The first that has a gateway leads out.
#pragma once

#include <vector>

#include "bulkhead/result.hpp"
#include "guest/core/mount_spec.hpp"

namespace bulkhead::guest {

// In a clone: the cards of the template get the addresses that their networks know.
Status take_over_cards(const std::vector<NetworkSpec>& networks);
Status raise_networks(const std::vector<NetworkSpec>& networks);

}  // namespace bulkhead::guest
