// Runs a loop until a condition holds. The limit is a guard against hanging and nothing else.
#pragma once

#include <chrono>
#include <functional>

#include "core/loop/handles.hpp"

namespace bulkhead::loop {

inline bool run_until(Loop& loop, const std::function<bool()>& condition) {
  const auto guard = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  // A condition may come true without an event of this loop.
  Timer tick(loop, [] {});
  tick.start(5, 5);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > guard) return false;
    uv_run(loop.raw(), UV_RUN_ONCE);
  }
  return true;
}

}  // namespace bulkhead::loop
