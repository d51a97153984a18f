// container list: the running containers, or all; as they are now or, with --at, as they were.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "render/containers.hpp"
#include "render/field.hpp"
#include "render/format.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  Query query;
  query.add_if(invocation.has("all"), "all", "1");
  query.add_if(invocation.has("at"), "at", invocation.value("at").value_or(""));
  const auto containers = context.api().get("/v1/containers" + query.text());
  if (!containers) return fail(containers.error());
  const Format format = parse_format(invocation.value_or_default("format"));
  if (invocation.has("quiet")) {
    for (const auto& container : *containers) context.out.line(text_at(container, "id"));
  } else if (format == Format::kTable) {
    context.out.write(container_table(*containers));
  } else {
    context.out.write(document(*containers, format));
  }
  return 0;
}

constexpr Option kOptions[] = {
    {.names = "-a, --all", .help = "Show containers that aren't running too"},
    kFormatOption,
    {.names = "-q, --quiet", .help = "Show the ids only"},
    {.names = "--at",
     .value = "<seq|time>",
     .help = "Show what was there at an event number or a time (RFC 3339)"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command container_list = {
    .name = "list",
    .aliases = "ls ps",
    .summary = "List containers",
    .section = "Containers",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
