// system template list: the machines that were booted once and saved.
#include <nlohmann/json.hpp>

#include "bulkhead/size.hpp"
#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "render/field.hpp"
#include "render/format.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

std::string table_of(const json& templates) {
  Table table({"ID", "CPUS", "MEMORY", "ACCELERATOR", "SIZE", "LAST USED"});
  for (const json& one : templates) {
    table.add({text_at(one, "id"), text_at(one, "cpus"),
               format_size(number_at(one, "memoryInBytes")), text_at(one, "accelerator"),
               format_size(number_at(one, "sizeInBytes")), text_at(one, "lastUsedDate")});
  }
  return table.text();
}

Result<int> run(Context& context, const Invocation& invocation) {
  const auto templates = context.api().get("/v1/system/templates");
  if (!templates) return fail(templates.error());
  const Format format = parse_format(invocation.value_or_default("format"));
  if (invocation.has("quiet")) {
    for (const json& one : *templates) context.out.line(text_at(one, "id"));
  } else if (format != Format::kTable) {
    context.out.write(document(*templates, format));
  } else {
    context.out.write(table_of(*templates));
  }
  return 0;
}

constexpr Option kOptions[] = {kFormatOption,
                               {.names = "-q, --quiet", .help = "Show the ids only"}};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_template_list = {
    .name = "list",
    .aliases = "ls",
    .summary = "List the machines that containers are clones of",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
