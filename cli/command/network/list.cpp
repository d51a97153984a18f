// container network list: the networks and their subnets.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "http/target.hpp"
#include "render/field.hpp"
#include "render/format.hpp"
#include "render/networks.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  Query query;
  query.add_if(invocation.has("at"), "at", invocation.value("at").value_or(""));
  const auto networks = context.api().get("/v1/networks" + query.text());
  if (!networks) return fail(networks.error());
  const Format format = parse_format(invocation.value_or_default("format"));
  if (invocation.has("quiet")) {
    for (const auto& network : *networks) context.out.line(text_at(network, "id"));
  } else if (format != Format::kTable) {
    context.out.write(document(*networks, format));
  } else {
    context.out.write(network_table(*networks));
  }
  return 0;
}

constexpr Option kOptions[] = {
    {.names = "--at",
     .value = "<seq|time>",
     .help = "Show what was there at an event number or a time (RFC 3339)"},
    kFormatOption,
    {.names = "-q, --quiet", .help = "Show the names only"}};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command network_list = {
    .name = "list",
    .aliases = "ls",
    .summary = "List networks",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
