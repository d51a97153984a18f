#include "loop.hpp"

#include <cassert>
#include <cstdlib>

namespace bulkhead::loop {

Loop::Loop() {
  if (uv_loop_init(&loop_) != 0) abort();  // only without memory or descriptors, before anything has begun
}

Loop::~Loop() {
  uv_run(&loop_, UV_RUN_NOWAIT);  // lets the closing handles finish
  while (uv_loop_close(&loop_) == UV_EBUSY) {
    assert(!uv_loop_alive(&loop_) && "a handle outlives its loop");
    uv_run(&loop_, UV_RUN_ONCE);
  }
}

void Loop::run() { uv_run(&loop_, UV_RUN_DEFAULT); }
void Loop::stop() { uv_stop(&loop_); }

}  // namespace bulkhead::loop
