// One operation as the code that does the work sees it: whether anybody still wants it, and who
// wants to know how far it is. Passed down by reference; loops over bytes ask check() once a chunk.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "bulkhead/result.hpp"

namespace bulkhead::storage {

struct Task {
  std::atomic<bool> cancelled{false};
  std::function<void(uint64_t done, uint64_t total, const std::string& what)> on_progress;

  Status check() const {
    if (cancelled.load(std::memory_order_relaxed)) {
      return fail(Code::kRetry, "cancelled, because nobody waits for it any longer");
    }
    return {};
  }
  // total 0: unknown.
  void progress(uint64_t done, uint64_t total, const std::string& what) const {
    if (on_progress) on_progress(done, total, what);
  }
};

}  // namespace bulkhead::storage
