#include "options/moment.hpp"

#include <charconv>
#include <ctime>

#include "command/table.hpp"

namespace bulkhead::cli {

namespace {

// More would leave what time_t can say.
constexpr int64_t kMostUnits = 1'000'000'000;

// Only the shape; whether there is a 30th of February is the service's to say.
bool looks_like_rfc3339(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == 'd' ? !digit : text[i] != kShape[i] && !(kShape[i] == 'T' && text[i] == 't')) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string rfc3339(Moment moment) {
  const time_t seconds = std::chrono::system_clock::to_time_t(moment);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts));
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text, bool bare_seconds) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 1 || count > kMostUnits) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  if (unit == "s" || (unit.empty() && bare_seconds)) return std::chrono::seconds(count);
  if (unit == "m") return std::chrono::minutes(count);
  if (unit == "h") return std::chrono::hours(count);
  if (unit == "d") return std::chrono::hours(24) * count;
  return std::nullopt;
}

Result<std::string> parse_moment(std::string_view text, std::string_view option, Moment now) {
  if (looks_like_rfc3339(text)) return std::string(text);
  if (const auto ago = parse_duration(text, false)) return rfc3339(now - *ago);
  return usage(std::string(option) + ": '" + std::string(text) +
               "' is neither a length of time (90s, 10m, 2h, 1d) nor an RFC 3339 time");
}

}  // namespace bulkhead::cli
