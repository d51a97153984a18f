#include "options/label.hpp"

#include "command/table.hpp"

namespace bulkhead::cli {

Result<std::map<std::string, std::string>> parse_labels(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> labels;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    std::string key = text.substr(0, equals);
    if (key.empty()) return usage("--label '" + text + "' has no key");
    labels[std::move(key)] = equals == std::string::npos ? std::string() : text.substr(equals + 1);
  }
  return labels;
}

}  // namespace bulkhead::cli
