// Blocking work on libuv's thread pool: files, hashes, folds. `then` runs on the loop afterwards,
// unless the loop is being destroyed; whatever `blocking` uses must be its own or outlive the loop.
#pragma once

#include <functional>

#include "loop.hpp"

namespace bulkhead::loop {

void run_blocking(Loop& loop, std::function<void()> blocking, std::function<void()> then);

}  // namespace bulkhead::loop
