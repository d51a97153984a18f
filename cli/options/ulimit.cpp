#include "options/ulimit.hpp"

#include <algorithm>
#include <array>

#include "command/table.hpp"
#include "options/number.hpp"

namespace bulkhead::cli {

namespace {

constexpr std::array<std::string_view, 15> kTypes = {
    "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue", "nice",
    "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};

Result<uint64_t> parse_limit(std::string_view text, std::string_view whole) {
  if (text == "unlimited" || text == "-1") return kUnlimited;
  return parse_number(text, "--ulimit " + std::string(whole), 0, INT64_MAX);
}

}  // namespace

Result<Ulimit> parse_ulimit(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals + 1 == text.size()) {
    return usage("--ulimit '" + std::string(text) + "' is not of the form type=soft[:hard]");
  }
  const std::string_view type = text.substr(0, equals);
  if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
    std::string known;
    for (const auto& name : kTypes) known += (known.empty() ? "" : ", ") + std::string(name);
    return usage("--ulimit: unknown type '" + std::string(type) + "': choose one of " + known);
  }
  const std::string_view limits = text.substr(equals + 1);
  const size_t colon = limits.find(':');
  const auto soft = parse_limit(limits.substr(0, colon), text);
  if (!soft) return fail(soft.error());
  const auto hard =
      colon == std::string_view::npos ? soft : parse_limit(limits.substr(colon + 1), text);
  if (!hard) return fail(hard.error());
  if (*soft > *hard) {
    return usage("--ulimit " + std::string(text) + ": the soft limit exceeds the hard limit");
  }
  std::string limit = "RLIMIT_";
  for (const char c : type) limit += static_cast<char>(c - 'a' + 'A');
  return Ulimit{std::move(limit), *soft, *hard};
}

Result<std::vector<Ulimit>> parse_ulimits(const std::vector<std::string>& texts) {
  std::vector<Ulimit> limits;
  for (const std::string& text : texts) {
    auto limit = parse_ulimit(text);
    if (!limit) return fail(std::move(limit.error()));
    const auto same = [&](const Ulimit& other) { return other.limit == limit->limit; };
    if (std::any_of(limits.begin(), limits.end(), same)) {
      return usage("--ulimit: type '" + text.substr(0, text.find('=')) + "' is given twice");
    }
    limits.push_back(std::move(*limit));
  }
  return limits;
}

}  // namespace bulkhead::cli
