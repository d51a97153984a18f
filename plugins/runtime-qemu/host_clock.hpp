// The host's clocks, in the units that this room speaks.
#pragma once

#include <time.h>

#include <cstdint>

namespace bulkhead::qemu {

inline int64_t clock_us(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

// Microseconds since the epoch: what events and records carry.
inline int64_t now_us() {
  return clock_us(CLOCK_REALTIME);
}

// Microseconds since some beginning, never set back: what durations are measured with.
inline int64_t ticks_us() {
  return clock_us(CLOCK_MONOTONIC);
}

}  // namespace bulkhead::qemu
