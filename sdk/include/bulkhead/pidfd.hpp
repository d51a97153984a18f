// A process by a descriptor instead of by a number that may be another's tomorrow.
#pragma once

#include <sys/types.h>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead {

// Readable once the process has ended. kNotFound if there is none.
Result<UniqueFd> open_pidfd(pid_t pid);

// kNotFound if it has ended.
Status signal_pidfd(int pidfd, int signal);

}  // namespace bulkhead
