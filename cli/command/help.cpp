#include "command/help.hpp"

#include <algorithm>
#include <vector>

namespace bulkhead::cli {

namespace {

constexpr size_t kLineWidth = 100;
constexpr size_t kLeftWidth = 34;

// Breaks `text` between words so that with `indent` blanks before it no line is too long.
std::string wrap(std::string_view text, size_t indent) {
  std::string wrapped;
  size_t column = indent;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    if (column > indent && column + 1 + (end - begin) > kLineWidth) {
      wrapped += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      wrapped += ' ';
      ++column;
    }
    wrapped += text.substr(begin, end - begin);
    column += end - begin;
    begin = end + 1;
  }
  return wrapped;
}

// "  <left>      <right>", the right part beginning on a line of its own if the left one is too
// long.
std::string entry(const std::string& left, const std::string& right) {
  std::string text = "  " + left;
  if (text.size() + 2 > kLeftWidth) {
    text += '\n' + std::string(kLeftWidth, ' ');
  } else {
    text.append(kLeftWidth - text.size(), ' ');
  }
  text += wrap(right, kLeftWidth);
  text.erase(text.find_last_not_of(" \n") + 1);
  return text + '\n';
}

std::string options_text(std::string_view title, std::span<const Option> options) {
  std::string text = "\n" + std::string(title) + ":\n";
  for (const Option& option : options) {
    // Long-only options stand under the long names of the others.
    std::string left = option.names.starts_with("--") ? "    " : "";
    left += option.names;
    if (!option.value.empty()) left += " " + std::string(option.value);
    text += entry(left, std::string(option.help) + option_notes(option));
  }
  return text;
}

std::string children_text(const Command& command) {
  std::vector<std::string_view> sections;
  for (const Command* child : command.children) {
    if (!child->hidden &&
        std::find(sections.begin(), sections.end(), child->section) == sections.end()) {
      sections.push_back(child->section);
    }
  }
  std::string text;
  for (const std::string_view section : sections) {
    text += "\n" + (section.empty() ? "Subcommands" : std::string(section)) + ":\n";
    for (const Command* child : command.children) {
      if (child->hidden || child->section != section) continue;
      std::string left(child->name);
      for (size_t i = 0; i <= child->aliases.size() && !child->aliases.empty();) {
        const size_t end = std::min(child->aliases.find(' ', i), child->aliases.size());
        left += ", " + std::string(child->aliases.substr(i, end - i));
        i = end + 1;
      }
      text += entry(left, std::string(child->summary) +
                              (child->needs.empty() ? "" : " (not in this version)"));
    }
  }
  return text;
}

}  // namespace

std::string option_notes(const Option& option) {
  std::string notes;
  if (!option.choices.empty()) notes += " (" + std::string(option.choices) + ")";
  if (!option.fallback.empty()) notes += " (default: " + std::string(option.fallback) + ")";
  if (option.repeats) notes += " (may be repeated)";
  if (!option.needs.empty()) notes += " (not in this version)";
  return notes;
}

std::string usage_line(const Command& command, const std::string& path) {
  std::string line = path;
  if (!command.groups.empty()) line += " [<options>]";
  for (const Argument& argument : command.arguments) {
    std::string shown(argument.name);
    if (argument.max == kMany) shown += "...";
    line += argument.min == 0 ? " [" + shown + "]" : " " + shown;
  }
  return line;
}

std::string help_page(const Command& command, const std::string& path) {
  std::string page = wrap(command.summary, 0) + ".\n";
  if (!command.needs.empty()) {
    page += "\n" + wrap("Not in this version: it " + std::string(command.needs), 0) + ".\n";
  }
  if (!command.details.empty()) page += "\n" + wrap(command.details, 0) + "\n";
  page += "\nUsage: " + usage_line(command, path) + "\n";
  bool any = false;
  for (const Argument& argument : command.arguments) {
    if (argument.help.empty()) continue;
    if (!any) page += "\nArguments:\n";
    any = true;
    page += entry(std::string(argument.name), std::string(argument.help));
  }
  page += children_text(command);
  for (const OptionGroup& group : command.groups) page += options_text(group.title, group.options);
  page += options_text("Common options", common_options());
  if (!command.children.empty()) {
    page += "\nSee '" + path + " <subcommand> --help' for more.\n";
  }
  return page;
}

Found find_command(const Command& root, std::span<const std::string> words) {
  Found found{&root, std::string(root.name)};
  for (const std::string& word : words) {
    found.command = find_child(*found.command, word);
    if (found.command == nullptr) return found;
    found.path += " " + std::string(found.command->name);
  }
  return found;
}

}  // namespace bulkhead::cli
