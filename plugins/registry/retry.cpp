#include "retry.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

namespace bulkhead::registry {

void RetryPolicy::brought(uint64_t bytes) {
  since_failure_ += bytes;
  if (since_failure_ >= kProgress) failures_ = 0;
}

std::optional<milliseconds> RetryPolicy::failed(std::optional<milliseconds> asked, double jitter) {
  since_failure_ = 0;
  if (++failures_ > most_ || ++altogether_ > kMostAltogether) return std::nullopt;
  if (asked) return std::clamp(*asked, milliseconds(0), kLongestAsked);
  const auto doubled = kFirst * (1 << std::min(failures_ - 1, 10));
  const auto wait = std::min<milliseconds>(doubled, kLongest);
  return milliseconds(static_cast<int64_t>(static_cast<double>(wait.count()) * (0.5 + jitter / 2)));
}

bool is_passing(int status) {
  return status == 408 || status == 425 || status == 429 || (status >= 500 && status != 501);
}

std::optional<milliseconds> parse_retry_after(std::string_view text, int64_t now_seconds) {
  if (text.empty()) return std::nullopt;
  uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size())
    return milliseconds(int64_t{seconds} * 1000);
  const time_t at = curl_getdate(std::string(text).c_str(), nullptr);
  if (at < 0) return std::nullopt;
  return milliseconds(std::max<int64_t>(0, at - now_seconds) * 1000);
}

}  // namespace bulkhead::registry
