// --mount type=...,source=...,destination=...[,readonly][,size=][,mode=] and
// --tmpfs <path>[:readonly,size=,mode=].
//
// The whole grammar is understood, so that a mistake in it is reported as one; but of the types
// only tmpfs can be carried out in this version, and the others are refused with what they would
// need.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

enum class MountType { kVirtiofs, kTmpfs, kVolume };

struct Mount {
  MountType type = MountType::kVirtiofs;
  std::string source;
  std::string destination;
  std::vector<std::string> options;  // "ro", "size=<bytes>", "mode=<octal>"
};

Result<Mount> parse_mount(std::string_view text);

// --tmpfs: an absolute path inside the container, and after a colon the keys of a tmpfs.
Result<Mount> parse_tmpfs(std::string_view text);

// Unsupported, with a sentence, unless the mount is a tmpfs.
Status check_available(const Mount& mount);

}  // namespace bulkhead::cli
