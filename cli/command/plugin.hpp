// A first word that no command answers to may be a program: `container-<word>` in the data's or the
// installation's folder of plugins. It takes this process's place with the words that follow, so
// its terminal, its signals and its exit status are its own; where the service lives it reads from
// the environment as this program does.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::cli {

// The first of the folders wins: a user's plugin goes before an installed one.
std::optional<std::string> find_plugin(std::span<const std::string> folders,
                                       const std::string& word);

// Returns only if it can't be executed.
Failure become_plugin(const std::string& path, const std::vector<std::string>& words);

}  // namespace bulkhead::cli
