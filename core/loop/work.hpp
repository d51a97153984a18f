// Blocking work on libuv's thread pool: files, hashes, folds. `then` runs on the loop afterwards, always.
#pragma once

#include <functional>

#include "loop.hpp"

namespace bulkhead::loop {

void run_blocking(Loop& loop, std::function<void()> blocking, std::function<void()> then);

}  // namespace bulkhead::loop
