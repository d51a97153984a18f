// The two clocks of an event. Injected, so that tests decide what time it is; the model never asks.
#pragma once

#include <cstdint>
#include <functional>

namespace bulkhead::store {

struct Clock {
  std::function<int64_t()> wall_us;  // µs UTC; may jump
  std::function<int64_t()>
      mono_us;  // µs since the journal was opened by this process; never goes back
};

Clock system_clock();

}  // namespace bulkhead::store
