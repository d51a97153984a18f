// Words to Invocation, by the command's table. Refuses unknown options, missing values and values
// outside an option's choices, each with one sentence (kUsage).
#pragma once

#include <string>
#include <vector>

#include "command/invocation.hpp"

namespace bulkhead::cli {

Result<Invocation> parse(const Command& command, std::vector<std::string> words);

// Too few or too many arguments; apart from parse(), because --help must work without any.
Status check_arguments(const Invocation& invocation);

}  // namespace bulkhead::cli
