// container network prune: all networks that no container refers to, but for the default one; their
// names.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation&) {
  const auto answer = context.api().send({"POST", "/v1/networks/prune"});
  if (!answer) return fail(answer.error());
  for (const std::string& name : texts_at(*answer, "deleted")) context.out.line(name);
  return 0;
}

}  // namespace

namespace commands {
constexpr Command network_prune = {
    .name = "prune",
    .summary = "Delete networks that no container uses",
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
