// container inspect: a JSON array of the containers named. Nothing is printed unless all of them
// exist.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/inspect_all.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  return inspect_all(context, invocation, "container",
                     [](const std::string& id) { return container_target(id); });
}

constexpr Argument kArguments[] = {
    {.name = "<container-id>", .max = kMany, .completes = Completes::kContainer}};
constexpr Option kOptions[] = {
    {.names = "--at",
     .value = "<seq|time>",
     .help = "Show what was there at an event number or a time (RFC 3339)"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command container_inspect = {
    .name = "inspect",
    .summary = "Show everything about containers as JSON",
    .section = "Containers",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
