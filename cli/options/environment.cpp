#include "options/environment.hpp"

#include <algorithm>
#include <cstdlib>

#include "command/table.hpp"

namespace bulkhead::cli {

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  };
}

Status EnvironmentList::add(std::string_view entry) {
  const size_t equals = entry.find('=');
  const std::string_view key = entry.substr(0, equals);
  if (key.empty()) return usage("environment entry '" + std::string(entry) + "' has no name");
  if (entry.find('\0') != std::string_view::npos) {
    return usage("environment entry '" + std::string(key) + "' contains a zero byte");
  }
  if (equals != std::string_view::npos) {
    put(key, std::string(entry));
  } else if (auto value = inherited_(std::string(key))) {
    put(key, std::string(key) + "=" + *value);
  }
  return {};
}

Status EnvironmentList::add_file(std::string_view text, std::string_view file_name) {
  size_t number = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::string_view key = line.substr(0, line.find('='));
    const std::string where = std::string(file_name) + ", line " + std::to_string(number);
    if (key.find_first_of(" \t") != std::string_view::npos) {
      return usage(where + ": variable '" + std::string(key) + "' contains white space");
    }
    if (auto added = add(line); !added) return fail(std::move(added.error()).context(where));
  }
  return {};
}

void EnvironmentList::put(std::string_view key, std::string entry) {
  const auto same_key = [key](const std::string& other) {
    return std::string_view(other).substr(0, other.find('=')) == key;
  };
  const auto found = std::find_if(entries_.begin(), entries_.end(), same_key);
  if (found != entries_.end()) {
    *found = std::move(entry);
  } else {
    entries_.push_back(std::move(entry));
  }
}

}  // namespace bulkhead::cli
