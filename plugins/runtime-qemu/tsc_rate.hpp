// How fast the host's time-stamp counter runs, which is the guest's under emulation.
//
// A guest that is told needn't measure: its kernel would need a timer chip for that, takes a tenth
// of a second, and on a busy host may fail and then wait for ever (guest/kernel/README.md). The
// rate is taken between two moments, the making of this object and the question, at best
// milliseconds apart: the longer, the better. An error of 1e-5 is a second a day on the guest's
// clock.
#pragma once

#include <cstdint>

namespace bulkhead::qemu {

class TscRate {
 public:
  TscRate() : first_(sample()) {}

  // In kHz; 0 where there is no such counter. May spin for the rest of two milliseconds.
  uint64_t khz() const;

 private:
  struct Moment {
    uint64_t ticks = 0;
    int64_t ns = 0;
  };

  static Moment sample();

  Moment first_;
};

}  // namespace bulkhead::qemu
