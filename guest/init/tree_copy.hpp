// A directory's content copied into an empty volume: owners, modes, times, extended attributes,
// links and devices, as overlay's copy-up would take them.
//
// Whole or not at all: a machine that is killed in the middle leaves a file beside, by which the
// next start knows to begin again.
#pragma once

#include <string>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

// But for lost+found and what an interrupted copy has left.
bool is_empty_directory(const std::string& path);

Status copy_tree(int from, const std::string& to);

}  // namespace bulkhead::guest
