// system template prune: every template; the next starts boot.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "render/field.hpp"
#include "render/reclaimed.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation&) {
  const auto answer = context.api().send({"POST", "/v1/system/templates/prune"});
  if (!answer) return fail(answer.error());
  for (const auto& id : texts_at(*answer, "deleted")) context.out.line(id);
  context.err.line(reclaimed_line(number_at(*answer, "reclaimed")));
  return 0;
}

}  // namespace

namespace commands {
constexpr Command system_template_prune = {
    .name = "prune",
    .summary = "Delete every template",
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
