// volume prune: volumes that no container mounts, not even one that is stopped.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "render/field.hpp"
#include "render/reclaimed.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation&) {
  const auto answer = context.api().send({"POST", "/v1/volumes/prune"});
  if (!answer) return fail(answer.error());
  for (const auto& name : texts_at(*answer, "deleted")) context.out.line(name);
  context.err.line(reclaimed_line(number_at(*answer, "reclaimed")));
  return 0;
}

}  // namespace

namespace commands {
constexpr Command volume_prune = {
    .name = "prune",
    .summary = "Delete volumes that no container uses",
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
