// system df: what images, containers, volumes and templates take on the disk, and what of it could
// be given back.
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

std::vector<std::string> row(const std::string& type, const json& usage) {
  const uint64_t size = number_at(usage, "sizeInBytes");
  const uint64_t reclaimable = number_at(usage, "reclaimable");
  const uint64_t percent = size == 0 ? 0 : reclaimable * 100 / size;
  return {type, text_at(usage, "total"), text_at(usage, "active"), format_size(size),
          format_size(reclaimable) + " (" + std::to_string(percent) + "%)"};
}

Result<int> run(Context& context, const Invocation& invocation) {
  const auto usage = context.api().get("/v1/system/df");
  if (!usage) return fail(usage.error());
  const Format format = parse_format(invocation.value_or_default("format"));
  if (format != Format::kTable) {
    context.out.write(document(*usage, format));
    return 0;
  }
  Table table({"TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"});
  table.add(row("Images", at(*usage, "images")));
  table.add(row("Containers", at(*usage, "containers")));
  table.add(row("Local Volumes", at(*usage, "volumes")));
  table.add(row("Templates", at(*usage, "templates")));
  context.out.write(table.text());
  return 0;
}

constexpr Option kOptions[] = {kFormatOption};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_df = {
    .name = "df",
    .summary = "Show disk usage",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
