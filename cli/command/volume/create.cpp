// volume create: a disk that grows as it is filled, or with --opt shared=true a folder for many
// containers at once. The name is printed.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/invocation.hpp"
#include "options/label.hpp"
#include "options/number.hpp"
#include "render/field.hpp"

namespace bulkhead::cli {

namespace {

Result<nlohmann::json> options_in(const Invocation& invocation) {
  nlohmann::json options = nlohmann::json::object();
  for (const std::string& text : invocation.values("opt")) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return usage("--opt '" + text + "' is not <key>=<value>");
    }
    options[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return options;
}

Result<int> run(Context& context, const Invocation& invocation) {
  auto options = options_in(invocation);
  if (!options) return fail(std::move(options.error()));
  auto labels = parse_labels(invocation.values("label"));
  if (!labels) return fail(std::move(labels.error()));
  nlohmann::json request = {{"name", invocation.arguments().front()},
                            {"labels", std::move(*labels)},
                            {"options", std::move(*options)}};
  if (const auto text = invocation.value("s")) {
    const auto size = parse_size_option(*text, "-s");
    if (!size) return fail(size.error());
    request["sizeInBytes"] = *size;
  }
  const auto made = context.api().post("/v1/volumes", request);
  if (!made) return fail(made.error());
  context.out.line(text_at(*made, "id"));
  return 0;
}

constexpr Argument kArguments[] = {{.name = "<name>"}};
constexpr Option kOptions[] = {
    {.names = "--label", .value = "<key=value>", .help = "Label the volume", .repeats = true},
    {.names = "--opt",
     .value = "<key=value>",
     .help = "size=<size>, journal=ordered|writeback|journal[:<size>] or shared=true",
     .repeats = true},
    {.names = "-s",
     .value = "<size>",
     .help = "Size it may grow to; 512g by default. Wins over --opt size="},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command volume_create = {
    .name = "create",
    .summary = "Create a volume",
    .details =
        "A volume is a disk for one running container at a time, or for several that only read. "
        "With --opt shared=true it is a folder of this host for several running containers.",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
