// system status: where the service lives and what it runs on; exit status 1 if it doesn't run.
// Never starts it.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "render/field.hpp"
#include "render/format.hpp"
#include "render/table.hpp"

namespace bulkhead::cli {

using nlohmann::json;

namespace {

// Objects as "journal.id" rows.
void add_rows(Table& table, const std::string& prefix, const json& tree) {
  for (const auto& [key, value] : tree.items()) {
    if (value.is_object()) {
      add_rows(table, prefix + key + ".", value);
    } else {
      table.add({prefix + key, text_at(tree, key)});
    }
  }
}

std::string table_of(const json& system) {
  Table table({"FIELD", "VALUE"});
  table.add({"status", text_at(system, "status")});
  json rest = system;
  rest.erase("status");
  add_rows(table, "", rest);
  return table.text();
}

Result<int> run(Context& context, const Invocation& invocation) {
  context.service.forbid_start();
  const Format format = parse_format(invocation.value_or_default("format"));
  auto system = context.api().get("/v1/system");
  if (!system && system.error().code != Code::kUnavailable) return fail(system.error());
  const bool running = system.has_value();
  const json shown = running ? *system : json{{"status", "not running"}};
  context.out.write(format == Format::kTable ? table_of(shown) : document(shown, format));
  return running ? 0 : 1;
}

constexpr Option kOptions[] = {
    kFormatOption,
    {.names = "-p, --prefix",
     .value = "<prefix>",
     .help = "Prefix of the services' names",
     .needs = "needs launchd, which exists on macOS only"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_status = {
    .name = "status",
    .summary = "Show whether the service runs, and where",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
