// The clocks the guest reads: the wall's, which the host sets, and one that only moves forward.
#pragma once

#include <ctime>

#include <cstdint>

namespace bulkhead::guest {

inline int64_t read_clock_us(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

inline int64_t wall_us() {
  return read_clock_us(CLOCK_REALTIME);
}
inline int64_t steady_us() {
  return read_clock_us(CLOCK_BOOTTIME);
}

}  // namespace bulkhead::guest
