// Linux's own numbering (x86 and arm agree); <csignal> would give the host's.
#include "model/signals.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

namespace bulkhead::model {
namespace {

constexpr int kRealTimeFirst =
    34;  // glibc and musl both keep the first two or three for themselves
constexpr int kRealTimeLast = 64;

// Index = number.
constexpr std::array<std::string_view, 32> kNames = {
    "",     "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
    "SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
    "TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS"};

std::optional<int> number_of(std::string_view text) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "RTMIN", "RTMIN+3", "RTMAX-1".
std::optional<int> real_time(std::string_view name) {
  bool low = name.starts_with("RTMIN");
  if (!low && !name.starts_with("RTMAX")) return std::nullopt;
  name.remove_prefix(5);
  if (name.empty()) return low ? kRealTimeFirst : kRealTimeLast;
  if (name[0] != (low ? '+' : '-')) return std::nullopt;
  auto distance = number_of(name.substr(1));
  if (!distance || *distance < 0 || *distance > kRealTimeLast - kRealTimeFirst) return std::nullopt;
  return low ? kRealTimeFirst + *distance : kRealTimeLast - *distance;
}

}  // namespace

Result<int> parse_signal(std::string_view text) {
  auto refuse = [&] {
    return fail(Code::kInvalid, "\"" + std::string(text) + "\" is not a signal",
                "give a name such as TERM or SIGTERM, or a number from 1 to 64");
  };
  if (auto number = number_of(text)) {
    if (*number < 1 || *number > kRealTimeLast) return refuse();
    return *number;
  }
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return char(std::toupper(c)); });
  std::string_view bare = name;
  if (bare.starts_with("SIG")) bare.remove_prefix(3);
  for (size_t i = 1; i < kNames.size(); i++)
    if (kNames[i] == bare) return int(i);
  if (bare == "POLL") return 29;
  if (bare == "CLD") return 17;
  if (bare == "IOT") return 6;
  if (auto number = real_time(bare)) return *number;
  return refuse();
}

std::string signal_name(int number) {
  if (number > 0 && size_t(number) < kNames.size())
    return "SIG" + std::string(kNames[size_t(number)]);
  return std::to_string(number);
}

}  // namespace bulkhead::model
