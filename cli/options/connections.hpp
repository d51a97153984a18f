// What connects a container with what is outside of it: networks, published ports and sockets, the
// SSH agent, names of its own. Adds to the ContainerRequest of the API what was given; what wasn't
// stays absent, and is the service's to choose.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "bulkhead/result.hpp"
#include "command/invocation.hpp"
#include "options/environment.hpp"

namespace bulkhead::cli {

Status put_connections(nlohmann::json& request, const Invocation& invocation);

// Where the caller's SSH agent listens, if there is one.
std::optional<std::string> ssh_agent_socket(const Environment& environment);

}  // namespace bulkhead::cli
