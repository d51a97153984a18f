#include "command/invocation.hpp"

#include <cstdio>
#include <cstdlib>

namespace bulkhead::cli {

const std::vector<std::string>& Invocation::values(std::string_view key) const {
  static const std::vector<std::string> kNone;
  const auto found = values_.find(key);
  if (found != values_.end()) return found->second;
  if (find_option(*command_, key) == nullptr) {
    std::fprintf(stderr, "container: the table of '%.*s' has no option '%.*s'\n",
                 static_cast<int>(command_->name.size()), command_->name.data(),
                 static_cast<int>(key.size()), key.data());
    std::abort();
  }
  return kNone;
}

std::optional<std::string> Invocation::value(std::string_view key) const {
  const auto& all = values(key);
  if (all.empty()) return std::nullopt;
  return all.back();
}

std::string Invocation::value_or_default(std::string_view key) const {
  const auto& all = values(key);
  return all.empty() ? std::string(find_option(*command_, key)->fallback) : all.back();
}

}  // namespace bulkhead::cli
