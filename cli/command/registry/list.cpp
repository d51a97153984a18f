// registry list: which registries there is a login for, and whose.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "render/field.hpp"
#include "render/format.hpp"
#include "render/registries.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  const auto registries = context.api().get("/v1/registries");
  if (!registries) return fail(registries.error());
  const Format format = parse_format(invocation.value_or_default("format"));
  if (invocation.has("quiet")) {
    for (const auto& registry : *registries) context.out.line(text_at(registry, "name"));
  } else if (format != Format::kTable) {
    context.out.write(document(*registries, format));
  } else {
    context.out.write(registry_table(*registries));
  }
  return 0;
}

constexpr Option kOptions[] = {kFormatOption,
                               {.names = "-q, --quiet", .help = "Show the host names only"}};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command registry_list = {
    .name = "list",
    .aliases = "ls",
    .summary = "List logins",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
