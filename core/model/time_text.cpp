// Civil dates by std::chrono's calendar; strftime would take the locale and the time zone into it.
#include "model/time_text.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace bulkhead::model {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::microseconds;
using std::chrono::sys_days;

// Years 0000 to 9999: what RFC 3339 can say. Others are clamped, so that no event can break a list.
constexpr int64_t kFirstUs = -62167219200LL * 1'000'000;
constexpr int64_t kLastUs = 253402300799LL * 1'000'000 + 999'999;

std::string text(int64_t us, bool micros) {
  us = us < kFirstUs ? kFirstUs : us > kLastUs ? kLastUs : us;
  std::chrono::sys_time<microseconds> time{microseconds(us)};
  auto day = floor<days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(time - day);
  char buffer[64];
  int length =
      std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02d:%02d:%02d", int(date.year()),
                    unsigned(date.month()), unsigned(date.day()), int(clock.hours().count()),
                    int(clock.minutes().count()), int(clock.seconds().count()));
  if (micros)
    length += std::snprintf(buffer + length, sizeof buffer - size_t(length), ".%06d",
                            int(clock.subseconds().count()));
  return std::string(buffer, size_t(length)) + 'Z';
}

// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& rest, size_t digits) {
  if (rest.size() < digits) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < digits; i++) {
    if (rest[i] < '0' || rest[i] > '9') return std::nullopt;
    value = value * 10 + (rest[i] - '0');
  }
  rest.remove_prefix(digits);
  return value;
}

bool take(std::string_view& rest, std::string_view any_of) {
  if (rest.empty() || any_of.find(rest[0]) == std::string_view::npos) return false;
  rest.remove_prefix(1);
  return true;
}

// ".5" -> 500000 µs; digits beyond the sixth are dropped.
std::optional<int64_t> take_fraction(std::string_view& rest) {
  if (!take(rest, ".")) return 0;
  int64_t value = 0;
  int64_t unit = 100'000;
  bool any = false;
  while (auto digit = take_number(rest, 1)) {
    value += *digit * unit;
    unit /= 10;
    any = true;
  }
  if (!any) return std::nullopt;
  return value;
}

std::optional<int64_t> take_offset_us(std::string_view& rest) {
  if (take(rest, "Zz")) return 0;
  if (rest.empty()) return std::nullopt;
  int64_t sign = rest[0] == '-' ? -1 : 1;
  if (!take(rest, "+-")) return std::nullopt;
  auto hours = take_number(rest, 2);
  if (!hours || !take(rest, ":")) return std::nullopt;
  auto minutes = take_number(rest, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (*hours * 3600LL + *minutes * 60LL) * 1'000'000;
}

}  // namespace

std::string time_seconds(int64_t us) {
  return text(us, false);
}
std::string time_micros(int64_t us) {
  return text(us, true);
}

std::optional<int64_t> parse_time(std::string_view rest) {
  auto year = take_number(rest, 4);
  if (!year || !take(rest, "-")) return std::nullopt;
  auto month = take_number(rest, 2);
  if (!month || !take(rest, "-")) return std::nullopt;
  auto day = take_number(rest, 2);
  if (!day || !take(rest, "Tt ")) return std::nullopt;
  auto hour = take_number(rest, 2);
  if (!hour || !take(rest, ":")) return std::nullopt;
  auto minute = take_number(rest, 2);
  if (!minute || !take(rest, ":")) return std::nullopt;
  auto second = take_number(rest, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  auto fraction = take_fraction(rest);
  if (!fraction) return std::nullopt;
  auto offset = take_offset_us(rest);
  if (!offset || !rest.empty()) return std::nullopt;

  std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(unsigned(*month)),
                                   std::chrono::day(unsigned(*day))};
  if (!date.ok()) return std::nullopt;
  int64_t seconds = sys_days(date).time_since_epoch().count() * 86400LL + *hour * 3600LL +
                    *minute * 60LL + *second;
  return seconds * 1'000'000 + *fraction - *offset;
}

}  // namespace bulkhead::model
