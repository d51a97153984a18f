// Help pages, made from the command tables.
#pragma once

#include <string>

#include "command/table.hpp"

namespace bulkhead::cli {

// `path` is what the user typed to get there: "container image list".
std::string help_page(const Command& command, const std::string& path);

// "container stop [<options>] [<container-id>...]".
std::string usage_line(const Command& command, const std::string& path);

// What stands after an option's help: choices, default, and what is missing for it.
std::string option_notes(const Option& option);

// The command that `words` lead to from the root, and the full path to it; null command if a word
// leads nowhere.
struct Found {
  const Command* command = nullptr;
  std::string path;
};
Found find_command(const Command& root, std::span<const std::string> words);

}  // namespace bulkhead::cli
