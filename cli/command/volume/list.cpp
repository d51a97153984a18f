// volume list: names, and whether somebody gave them.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "render/field.hpp"
#include "render/format.hpp"
#include "render/volumes.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  Query query;
  query.add_if(invocation.has("at"), "at", invocation.value("at").value_or(""));
  const auto volumes = context.api().get("/v1/volumes" + query.text());
  if (!volumes) return fail(volumes.error());
  const Format format = parse_format(invocation.value_or_default("format"));
  if (invocation.has("quiet")) {
    for (const auto& volume : *volumes) context.out.line(text_at(volume, "id"));
  } else if (format != Format::kTable) {
    context.out.write(document(*volumes, format));
  } else {
    context.out.write(volume_table(*volumes));
  }
  return 0;
}

constexpr Option kOptions[] = {
    kFormatOption,
    {.names = "-q, --quiet", .help = "Show the names only"},
    {.names = "--at",
     .value = "<seq|time>",
     .help = "Show what was there at an event number or a time (RFC 3339)"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command volume_list = {
    .name = "list",
    .aliases = "ls",
    .summary = "List volumes",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
