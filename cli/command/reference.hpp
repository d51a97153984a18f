// The page docs/reference/cli.md, made from the command tables; a test compares it with the file.
#pragma once

#include <string>

#include "command/table.hpp"

namespace bulkhead::cli {

std::string reference_page(const Command& root);

}  // namespace bulkhead::cli
