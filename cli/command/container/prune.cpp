// container prune: all stopped containers; their ids, then on standard error what that gave back.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "render/field.hpp"
#include "render/reclaimed.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation&) {
  const auto answer = context.api().send({"POST", "/v1/containers/prune"});
  if (!answer) return fail(answer.error());
  for (const std::string& id : texts_at(*answer, "deleted")) context.out.line(id);
  context.err.line(reclaimed_line(number_at(*answer, "reclaimed")));
  return 0;
}

}  // namespace

namespace commands {
constexpr Command container_prune = {
    .name = "prune",
    .summary = "Delete all stopped containers",
    .section = "Containers",
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
