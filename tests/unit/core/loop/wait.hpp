// Runs a loop until a condition holds. The limit is a guard against hanging and nothing else.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "core/loop/loop.hpp"

namespace bulkhead::loop {

inline bool run_until(Loop& loop, const std::function<bool()>& condition) {
  const auto guard = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > guard) return false;
    loop.run_once();
  }
  return true;
}

}  // namespace bulkhead::loop
