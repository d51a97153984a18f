// From the words after the program's name to an exit status: walk the tree, parse, refuse what this
// version lacks, run, and tell errors. The one place where an Error becomes text. A first word that
// isn't in the tree may be a plugin's (command/plugin.hpp).
#pragma once

#include <string>
#include <vector>

#include "command/context.hpp"

namespace bulkhead::cli {

int dispatch(Context& context, std::vector<std::string> words);

}  // namespace bulkhead::cli
