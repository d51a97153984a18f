// When a process was started. A pid alone names whoever has it now; together with this it names one
// process of this boot.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace bulkhead::engine {

// In the kernel's clock ticks since boot; 0 if there is no such process.
int64_t process_start_time(pid_t pid);

}  // namespace bulkhead::engine
