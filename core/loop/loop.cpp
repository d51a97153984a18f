#include "loop.hpp"

#include <cstdio>
#include <cstdlib>

namespace bulkhead::loop {
namespace {

// A handle that nobody closed: rule 5 is broken by its owner.
void report_left(uv_handle_t* handle, void* left) {
  if (uv_is_closing(handle) != 0) return;
  *static_cast<bool*>(left) = true;
  std::fprintf(stderr, "a %s handle outlives its loop\n", uv_handle_type_name(handle->type));
  uv_close(handle, nullptr);
}

}  // namespace

Loop::Loop() {
  // Fails only without memory or descriptors, before anything has begun.
  if (uv_loop_init(&loop_) != 0) std::abort();
  loop_.data = this;
}

Loop::~Loop() {
  closing_ = true;
  bool left = false;
  uv_walk(&loop_, report_left, &left);
#ifndef NDEBUG
  if (left) std::abort();
#endif
  // Close callbacks free their boxes; work under way ends.
  while (uv_loop_close(&loop_) == UV_EBUSY) uv_run(&loop_, UV_RUN_ONCE);
}

void Loop::run() {
  uv_run(&loop_, UV_RUN_DEFAULT);
}
void Loop::stop() {
  uv_stop(&loop_);
}

void Loop::caught(uv_loop_t* loop, const char* what) {
  const auto* self = static_cast<Loop*>(loop->data);
  if (self->handler_) return self->handler_(what);
  std::fprintf(stderr, "an exception reached the event loop: %s\n", what);
  std::abort();
}

}  // namespace bulkhead::loop
