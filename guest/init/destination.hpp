// Where a mount goes in the container's tree: found, or made.
//
// The tree is the image's. Links in the path are followed inside the root only, and one that leads
// to nothing is followed by making what it names: /var/lock is such a link in many images.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::guest {

// A directory, or for file a file, held with O_PATH. path: absolute, below root.
Result<UniqueFd> make_destination(int root, const std::string& path, bool file);

}  // namespace bulkhead::guest
