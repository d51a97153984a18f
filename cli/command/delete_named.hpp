// What the delete commands of named things share: the names, or with --all every one there is;
// each is deleted and printed, and what failed is told in one sentence at the end, with the
// service's reasons behind it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "command/context.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

struct Deletion {
  std::string kind;  // "network", as the sentences say it
  std::function<std::string(const std::string& name)> target_of;
  // What --all means.
  std::function<Result<std::vector<std::string>>()> all;
};

Result<int> delete_named(Context& context, const Invocation& invocation, const Deletion& deletion);

}  // namespace bulkhead::cli
