#include "restart_policy.hpp"

#include <algorithm>

namespace bulkhead::plugins {

std::optional<RestartPolicy::Milliseconds> RestartPolicy::crashed(Milliseconds now) {
  while (!crashes_.empty() && now - crashes_.front() > kWindow) crashes_.pop_front();
  crashes_.push_back(now);
  if (parked()) return std::nullopt;
  Milliseconds delay = kFirstDelay;
  for (size_t i = 1; i < crashes_.size() && delay < kLongestDelay; i++) delay *= 2;
  return std::min(delay, kLongestDelay);
}

}  // namespace bulkhead::plugins
