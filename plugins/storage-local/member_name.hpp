// Names inside archives, taken lexically. An archive describes a tree; a name that starts elsewhere
// or climbs out of it is either an attack or a mistake, and both are refused rather than repaired:
// a repaired name would give the same archive another meaning here than elsewhere.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::storage {

inline constexpr size_t kNameMax = 255;   // of one component, as ext4 has it
inline constexpr size_t kPathMax = 4096;  // of the whole, as Linux has it

using Components = std::vector<std::string_view>;  // views into the name they were split from

// "./a//b/" -> {a, b}; "." and "/" -> {} (the root itself). Fails with the reason for a name that
// is absolute, contains
// "..", is too long, or is empty.
Result<Components> split_member_name(std::string_view name);

// The target of a symbolic link at `name`, taken lexically and relative to the link's folder. Fails
// if it climbs above the root. An absolute target begins at the root: in a layer that is how links
// are written, and the guest's root is meant.
Result<Components> resolve_link(const Components& name, std::string_view target);

std::string joined(const Components& components);

}  // namespace bulkhead::storage
