// Look-ups in the constant tables. Linear: the largest table has fifty rows and is read once.
#include "command/table.hpp"

#include "command/words.hpp"

namespace bulkhead::cli {

namespace {

constexpr Option kCommon[] = {
    {.names = "--debug", .help = "Show what the program does and asks of the service"},
    {.names = "-h, --help", .help = "Show help"},
};

}  // namespace

bool answers_to(const Command& command, std::string_view word) {
  if (command.name == word) return true;
  for (Words words(command.aliases, ' '); words.next();) {
    if (words.word() == word) return true;
  }
  return false;
}

const Command* find_child(const Command& parent, std::string_view word) {
  for (const Command* child : parent.children) {
    if (answers_to(*child, word)) return child;
  }
  return nullptr;
}

std::string_view key_of(const Option& option) {
  std::string_view last;
  for (Words words(option.names, ','); words.next();) last = words.word();
  return last.substr(last.find_first_not_of('-'));
}

const Option* find_option(const Command& command, std::string_view key) {
  for (const OptionGroup& group : command.groups) {
    for (const Option& option : group.options) {
      if (key_of(option) == key) return &option;
    }
  }
  for (const Option& option : kCommon) {
    if (key_of(option) == key) return &option;
  }
  return nullptr;
}

std::span<const Option> common_options() {
  return kCommon;
}

}  // namespace bulkhead::cli
