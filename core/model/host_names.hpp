// Containers' names as the host's own programs are told them: whole (web.test), of every network,
// from the intent to start a container to its end. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/state.hpp"

namespace bulkhead::model {

// The names of a container on one of its networks: its own first, then its aliases there.
std::vector<std::string> names_on(const ContainerState& container, std::string_view network);

// Property dns.host-port; 0: the host isn't told.
uint16_t host_names_port(const State& state);

// zones, names and subnets of names.serve (sdk/schema/METHODS.md). A domain of --localhost is
// 127.0.0.1 here: the same service that containers reach by that name.
Json host_names(const State& state);

}  // namespace bulkhead::model
