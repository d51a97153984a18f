#include "guest/core/command_path.hpp"

namespace bulkhead::guest {

const char* find_variable(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& variable : env) {
    if (variable.size() > name.size() && variable[name.size()] == '=' && variable.starts_with(name))
      return variable.c_str() + name.size() + 1;
  }
  return nullptr;
}

std::vector<std::string> command_candidates(std::string_view command,
                                            const std::vector<std::string>& env) {
  std::vector<std::string> candidates;
  if (command.empty()) return candidates;
  if (command.find('/') != std::string_view::npos) {
    candidates.emplace_back(command);
    return candidates;
  }
  const char* value = find_variable(env, "PATH");
  std::string_view path = value != nullptr ? std::string_view(value) : kDefaultPath;
  for (size_t begin = 0; begin <= path.size();) {
    size_t end = path.find(':', begin);
    if (end == std::string_view::npos) end = path.size();
    // An empty element is the working directory.
    std::string candidate(end > begin ? path.substr(begin, end - begin) : std::string_view("."));
    candidate += '/';
    candidate += command;
    candidates.push_back(std::move(candidate));
    begin = end + 1;
  }
  return candidates;
}

}  // namespace bulkhead::guest
