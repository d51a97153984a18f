// How fast something grows, over the last two to four seconds: long enough not to jump about, short
// enough to be about now.
#pragma once

#include <chrono>
#include <cstdint>

namespace bulkhead::cli {

using Instant = std::chrono::steady_clock::time_point;

class Rate {
 public:
  // `amount` never shrinks; if it does, the count begins anew.
  void note(uint64_t amount, Instant now);
  // 0 if it hasn't been watched for long enough to say.
  uint64_t per_second() const;

 private:
  struct Point {
    uint64_t amount = 0;
    Instant at;
  };
  bool begun_ = false;
  Point from_;   // what is compared with
  Point later_;  // what will be, when `from_` has become old
  Point latest_;
};

}  // namespace bulkhead::cli
