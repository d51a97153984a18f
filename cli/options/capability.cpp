#include "options/capability.hpp"

#include <algorithm>

#include "bulkhead/capability_names.hpp"
#include "command/table.hpp"

namespace bulkhead::cli {

Result<std::string> parse_capability(std::string_view text, std::string_view option) {
  std::string name;
  for (const char c : text) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (name == "ALL") return name;
  const std::string_view bare = std::string_view(name).substr(name.starts_with("CAP_") ? 4 : 0);
  if (std::find(kCapabilityNames.begin(), kCapabilityNames.end(), bare) == kCapabilityNames.end()) {
    return usage(std::string(option) + ": '" + std::string(text) +
                 "' is not a Linux capability (nor ALL)");
  }
  return "CAP_" + std::string(bare);
}

Result<std::vector<std::string>> parse_capabilities(const std::vector<std::string>& texts,
                                                    std::string_view option) {
  std::vector<std::string> names;
  for (const std::string& text : texts) {
    auto name = parse_capability(text, option);
    if (!name) return fail(std::move(name.error()));
    if (std::find(names.begin(), names.end(), *name) == names.end()) {
      names.push_back(std::move(*name));
    }
  }
  return names;
}

}  // namespace bulkhead::cli
