// A directory whose owner alone may enter: the journal, the sockets and the disks lie in such ones,
// and their own modes are no use if somebody else can replace them.
#pragma once

#include <string>

#include "bulkhead/result.hpp"

namespace bulkhead::engine {

// Takes away what group and others may do. kDenied if it is another user's, or if the file system
// keeps the bits.
Status make_private(const std::string& directory);

}  // namespace bulkhead::engine
