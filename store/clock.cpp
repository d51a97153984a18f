#include "store/clock.hpp"

#include <chrono>

namespace bulkhead::store {

Clock system_clock() {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  auto start = std::chrono::steady_clock::now();
  auto wall = [] {
    auto now = std::chrono::system_clock::now().time_since_epoch();
    return int64_t(duration_cast<microseconds>(now).count());
  };
  auto mono = [start] {
    auto elapsed = std::chrono::steady_clock::now() - start;
    return int64_t(duration_cast<microseconds>(elapsed).count());
  };
  return {wall, mono};
}

}  // namespace bulkhead::store
