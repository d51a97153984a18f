// system property list: every property with its type, value and meaning. TOML shows what is set, in
// sections.
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

// The value in force: what was set, or else the default.
json value_of(const json& property) {
  const json& value = at(property, "value");
  return value.is_null() ? at(property, "default") : value;
}

std::string table_of(const json& properties) {
  Table table({"ID", "TYPE", "VALUE", "DESCRIPTION"});
  for (const auto& [key, property] : properties.items()) {
    const std::string value = text_at({{"value", value_of(property)}}, "value");
    table.add({key, text_at(property, "type"), value.empty() ? "*undefined*" : value,
               text_at(property, "description")});
  }
  return table.text();
}

// {"dns.domain": {...}} -> {"dns": {"domain": "test"}}.
json sections_of(const json& properties) {
  json sections = json::object();
  for (const auto& [key, property] : properties.items()) {
    const size_t dot = key.find('.');
    json value = value_of(property);
    if (value.is_null()) continue;
    if (dot == std::string::npos) {
      sections[key] = std::move(value);
    } else {
      sections[key.substr(0, dot)][key.substr(dot + 1)] = std::move(value);
    }
  }
  return sections;
}

Result<int> run(Context& context, const Invocation& invocation) {
  const auto properties = context.api().get("/v1/system/properties");
  if (!properties) return fail(properties.error());
  if (invocation.has("quiet")) {
    for (const auto& [key, property] : properties->items()) context.out.line(key);
    return 0;
  }
  switch (const Format format = parse_format(invocation.value_or_default("format")); format) {
    case Format::kTable:
      context.out.write(table_of(*properties));
      break;
    case Format::kToml:
      context.out.write(toml_text(sections_of(*properties)));
      break;
    default:
      context.out.write(document(*properties, format));
  }
  return 0;
}

constexpr Option kOptions[] = {
    kFormatOption,
    {.names = "-q, --quiet", .help = "Show the names only"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command system_property_list = {
    .name = "list",
    .aliases = "ls",
    .summary = "List the properties",
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
