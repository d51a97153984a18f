// image prune: images without a name, with --all also those that no container uses.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "render/field.hpp"
#include "render/reclaimed.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const std::string query = invocation.has("all") ? "?all=1" : "";
  const auto answer = context.api().send({"POST", "/v1/images/prune" + query});
  if (!answer) return fail(answer.error());
  for (const auto& name : texts_at(*answer, "untagged")) context.out.line("untagged " + name);
  for (const auto& digest : texts_at(*answer, "deleted")) context.out.line("deleted " + digest);
  context.err.line(reclaimed_line(number_at(*answer, "reclaimed")));
  return 0;
}

constexpr Option kOptions[] = {
    {.names = "-a, --all", .help = "Delete all images that no container uses"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command image_prune = {
    .name = "prune",
    .summary = "Delete images that aren't needed",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
