// When a request that failed is made again, and after how long. Pure: the clock is the caller's.
//
// What counts is failures in a row without progress: a transfer over a bad link may be cut a
// hundred times, as long as each piece brings something; one that brings nothing is given up after
// `most`. A server that says when to come back (Retry-After) is obeyed up to a limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bulkhead::registry {

using std::chrono::milliseconds;

class RetryPolicy {
 public:
  static constexpr milliseconds kFirst{250}, kLongest{8'000}, kLongestAsked{60'000};
  static constexpr uint64_t kProgress = 64 * 1024;  // bytes that make up for a failure
  static constexpr int kMostAltogether = 1000;

  explicit RetryPolicy(int most) : most_(most) {}

  void brought(uint64_t bytes);
  // How long to wait before the next try; nothing: give up. `jitter` in [0, 1) spreads those who
  // failed together.
  std::optional<milliseconds> failed(std::optional<milliseconds> asked, double jitter);
  int failures() const { return failures_; }

 private:
  int most_;
  int failures_ = 0;
  int altogether_ = 0;
  uint64_t since_failure_ = 0;
};

// Too many requests, a timeout, a server that is not well.
bool is_passing(int status);

// Retry-After: seconds, or an HTTP date, of which `now` is subtracted.
std::optional<milliseconds> parse_retry_after(std::string_view text, int64_t now_seconds);

}  // namespace bulkhead::registry
