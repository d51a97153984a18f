// Reading of mount_spec.hpp's objects. Apart from it because nlohmann's header is dear.
#pragma once

#include "guest/core/json_fields.hpp"
#include "guest/core/mount_spec.hpp"

namespace bulkhead::guest {

Result<std::vector<NetworkSpec>> parse_networks(const Json& json);
Result<std::vector<MountSpec>> parse_mounts(const Json& json);
Result<std::vector<SocketSpec>> parse_sockets(const Json& json);

}  // namespace bulkhead::guest
