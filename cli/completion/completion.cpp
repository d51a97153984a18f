#include "completion/completion.hpp"

#include <algorithm>

namespace bulkhead::cli {

namespace {

void visit_below(const Command& command, const std::string& path,
                 const std::function<void(const Command&, const std::string&)>& visit) {
  visit(command, path);
  for (const Command* child : command.children) {
    visit_below(*child, path + " " + std::string(child->name), visit);
  }
}

}  // namespace

std::string completion_script(const Command& root, std::string_view shell) {
  if (shell == "zsh") return zsh_completion(root);
  if (shell == "fish") return fish_completion(root);
  return bash_completion(root);
}

void for_each_command(
    const Command& root,
    const std::function<void(const Command& command, const std::string& path)>& visit) {
  visit_below(root, std::string(root.name), visit);
}

void for_each_option(const Command& command,
                     const std::function<void(const Option& option)>& visit) {
  for (const OptionGroup& group : command.groups) {
    for (const Option& option : group.options) visit(option);
  }
  for (const Option& option : common_options()) visit(option);
}

std::string_view candidates_command(Completes kind) {
  switch (kind) {
    case Completes::kContainer:
      return "CONTAINER_AUTOSTART=0 container list --all --quiet 2>/dev/null";
    case Completes::kImage:
      return "CONTAINER_AUTOSTART=0 container image list --quiet 2>/dev/null";
    case Completes::kNetwork:
      return "CONTAINER_AUTOSTART=0 container network list --quiet 2>/dev/null";
    case Completes::kVolume:
      return "CONTAINER_AUTOSTART=0 container volume list --quiet 2>/dev/null";
    default:
      return {};
  }
}

Completes argument_kind(const Command& command) {
  return command.arguments.empty() ? Completes::kNothing : command.arguments.front().completes;
}

std::string choice_words(const Option& option) {
  std::string words(option.choices);
  std::replace(words.begin(), words.end(), '|', ' ');
  return words;
}

}  // namespace bulkhead::cli
