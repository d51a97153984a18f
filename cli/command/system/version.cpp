// system version: this program's version and, if it runs, the service's. Never starts it.
#include <nlohmann/json.hpp>

#include "bulkhead/version.hpp"
#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "render/field.hpp"
#include "render/format.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

json versions(Context& context) {
  json list = {{{"appName", "container"},
                {"version", kVersion},
                {"buildType", kBuildType},
                {"commit", kCommit}}};
  context.service.forbid_start();
  if (const auto system = context.api().get("/v1/system")) {
    list.push_back({{"appName", text_at(*system, "apiServerAppName")},
                    {"version", text_at(*system, "apiServerVersion")},
                    {"buildType", text_at(*system, "apiServerBuild")},
                    {"commit", text_at(*system, "apiServerCommit")}});
  }
  return list;
}

Result<int> run(Context& context, const Invocation& invocation) {
  const json list = versions(context);
  const Format format = parse_format(invocation.value_or_default("format"));
  if (format != Format::kTable) {
    context.out.write(document(list, format));
    return 0;
  }
  Table table({"COMPONENT", "VERSION", "BUILD", "COMMIT"});
  for (const json& each : list) {
    table.add({text_at(each, "appName"), text_at(each, "version"), text_at(each, "buildType"),
               text_at(each, "commit")});
  }
  context.out.write(table.text());
  return 0;
}

constexpr Option kOptions[] = {kFormatOption};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_version = {
    .name = "version",
    .summary = "Show the versions of this program and the service",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
