// When a crashed plugin host is started again: after 0.1 s, then twice as long each time up to 30
// s; and not at all once it has crashed 10 times within 10 minutes. Parked, it costs nothing, and
// what is asked of it fails at once with a reason, instead of after yet another crash.
//
// Pure: a function of when it crashed. Crashes older than the window are forgotten, so a plugin
// that has been well for that long begins anew.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

namespace bulkhead::plugins {

class RestartPolicy {
 public:
  using Milliseconds = std::chrono::milliseconds;

  static constexpr Milliseconds kFirstDelay{100};
  static constexpr Milliseconds kLongestDelay{30'000};
  static constexpr Milliseconds kWindow{600'000};
  static constexpr size_t kMostCrashes = 10;

  // It crashed at `now`, on any clock that never goes back: how long to wait; nothing if it is
  // parked.
  std::optional<Milliseconds> crashed(Milliseconds now);

  bool parked() const { return crashes_.size() >= kMostCrashes; }
  // Somebody decided that it deserves another chance.
  void forgive() { crashes_.clear(); }

 private:
  std::deque<Milliseconds> crashes_;  // those within the window
};

}  // namespace bulkhead::plugins
