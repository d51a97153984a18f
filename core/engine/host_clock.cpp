#include "host_clock.hpp"

#include <time.h>

namespace bulkhead::engine {

int64_t now_us() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace bulkhead::engine
