#include "bulkhead/size.hpp"

#include <charconv>
#include <cstdio>
#include <limits>

namespace bulkhead {
namespace {

constexpr std::string_view kPrefixes = "KMGTPE";

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// Bits to shift by for a suffix such as "", "b", "m", "MB" or "mib"; -1 if it is none.
int shift_of(std::string_view suffix) {
  int shift = 0;
  const size_t prefix = suffix.empty() ? std::string_view::npos : kPrefixes.find(upper(suffix[0]));
  if (prefix != std::string_view::npos && prefix < 5) {
    shift = static_cast<int>(prefix + 1) * 10;
    suffix.remove_prefix(1);
    if (suffix.size() == 2 && upper(suffix[0]) == 'I') suffix.remove_prefix(1);
  }
  return suffix.empty() || (suffix.size() == 1 && upper(suffix[0]) == 'B') ? shift : -1;
}

// Three digits are enough to compare by and short enough for a column: "1.5", "15", "150".
std::string format_scaled(uint64_t bytes, unsigned base, const char* unit_end) {
  if (bytes < base) return std::to_string(bytes) + " B";
  double scaled = static_cast<double>(bytes);
  size_t prefix = 0;
  // 999.5 would be printed as 1000: it belongs to the next unit.
  for (scaled /= base; scaled >= base - 0.5 && prefix + 1 < kPrefixes.size(); prefix++)
    scaled /= base;
  char text[32];
  std::snprintf(text, sizeof text, scaled < 9.95 ? "%.1f" : "%.0f", scaled);
  std::string result = text;
  if (result.ends_with(".0")) result.resize(result.size() - 2);
  return result + ' ' + kPrefixes[prefix] + unit_end;
}

}  // namespace

Result<uint64_t> parse_size(std::string_view text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const int shift = shift_of(std::string_view(rest, static_cast<size_t>(end - rest)));
  if (error == std::errc::invalid_argument || shift < 0) {
    return fail(Code::kInvalid, "\"" + std::string(text) + "\" is not a size",
                "write bytes or a whole number with K, M, G, T or P, such as 512M or 2GiB");
  }
  if (error == std::errc::result_out_of_range ||
      number > uint64_t{std::numeric_limits<int64_t>::max()} >> shift) {
    return fail(Code::kInvalid, "the size " + std::string(text) + " is too large");
  }
  return number << shift;
}

std::string format_size(uint64_t bytes) {
  return format_scaled(bytes, 1000, "B");
}
std::string format_binary_size(uint64_t bytes) {
  return format_scaled(bytes, 1024, "iB");
}

}  // namespace bulkhead
