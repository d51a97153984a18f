#include "tsc_rate.hpp"

#include <time.h>

#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace bulkhead::qemu {
namespace {

constexpr int64_t kShortestSpanNs = 2'000'000;

#if defined(__x86_64__)
uint64_t ticks() {
  return __rdtsc();
}
#else
uint64_t ticks() {
  return 0;
}
#endif

int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

// Of several readings the one that was interrupted least: the counter between two looks at the
// clock.
TscRate::Moment TscRate::sample() {
  Moment best;
  int64_t narrowest = INT64_MAX;
  for (int i = 0; i < 16; ++i) {
    const int64_t before = monotonic_ns();
    const uint64_t counter = ticks();
    const int64_t after = monotonic_ns();
    if (after - before >= narrowest) continue;
    narrowest = after - before;
    best = {counter, before + narrowest / 2};
  }
  return best;
}

uint64_t TscRate::khz() const {
  if (first_.ticks == 0) return 0;
  while (monotonic_ns() - first_.ns < kShortestSpanNs) continue;
  const Moment now = sample();
  const double per_ns =
      static_cast<double>(now.ticks - first_.ticks) / static_cast<double>(now.ns - first_.ns);
  return static_cast<uint64_t>(per_ns * 1e6 + 0.5);
}

}  // namespace bulkhead::qemu
