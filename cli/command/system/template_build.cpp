// system template build: so that the first start needn't boot either.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "options/resource.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const auto machine = resource_request(invocation);
  if (!machine) return fail(machine.error());
  const auto answer = context.api().post("/v1/system/templates", *machine);
  if (!answer) return fail(answer.error());
  context.out.line(text_at(*answer, "id"));
  return 0;
}

constexpr OptionGroup kGroups[] = {{"Machine options", kResourceOptions}};

}  // namespace

namespace commands {
constexpr Command system_template_build = {
    .name = "build",
    .summary = "Boot a machine and save it, for containers to be clones of",
    .details = "Prints the template's id; one that exists already isn't built again.",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
