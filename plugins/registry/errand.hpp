// One operation of registry/1 under way: it lives until it has told its end, or is called off by
// being destroyed.
#pragma once

#include <functional>

#include "bulkhead/json.hpp"
#include "bulkhead/result.hpp"

namespace bulkhead::registry {

class Errand {
 public:
  virtual ~Errand() = default;
};

// How it tells. `done` comes once and may destroy the errand.
struct Told {
  std::function<void(const Json& note)> progress;
  std::function<void(Result<Json>)> done;
};

}  // namespace bulkhead::registry
