// Operating system, architecture and variant, as Go and therefore OCI spell them, and which variant
// of an image suits one.
#pragma once

#include <string>

#include "bulkhead/json.hpp"
#include "bulkhead/result.hpp"

namespace bulkhead {

struct Platform {
  std::string os, architecture, variant;

  static Result<Platform> from_json(const Json& value);
  Json to_json() const;
  std::string text() const;  // "linux/arm64/v8"

  bool operator==(const Platform&) const = default;
};

// How well something built for `built` runs where `wanted` is asked for: 0 not at all, more is
// better.
int suitability(const Platform& built, const Platform& wanted);

}  // namespace bulkhead
