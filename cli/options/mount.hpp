// --mount type=...,source=...,destination=...[,readonly][,notify][,size=][,mode=],
// --volume <source>:<destination>[:ro|notify] and --tmpfs <path>[:readonly,size=,mode=].
//
// A source of --volume with a slash in it, or "." or "..", is a path of this host, relative ones
// from the current directory; any other is a volume's name. A destination alone is a volume of a
// random name.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

enum class MountType { kVirtiofs, kTmpfs, kVolume };

struct Mount {
  MountType type = MountType::kVirtiofs;
  std::string source;
  std::string destination;
  std::vector<std::string> options;  // "ro", "notify", "size=<bytes>", "mode=<octal>"
};

Result<Mount> parse_mount(std::string_view text);

// --tmpfs: an absolute path inside the container, and after a colon the keys of a tmpfs.
Result<Mount> parse_tmpfs(std::string_view text);

Result<Mount> parse_volume(std::string_view text);

// All of a command line's mounts, as ContainerRequest has them in "mounts".
Result<nlohmann::json> mount_requests(const Invocation& invocation);

}  // namespace bulkhead::cli
