// container network inspect: a JSON array of the networks named. Nothing is printed unless all of
// them exist.
#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/inspect_all.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  return inspect_all(context, invocation, "network",
                     [](const std::string& name) { return network_target(name); });
}

constexpr Argument kArguments[] = {
    {.name = "<name>", .max = kMany, .completes = Completes::kNetwork}};

constexpr Option kOptions[] = {
    {.names = "--at",
     .value = "<seq|time>",
     .help = "Show what was there at an event number or a time (RFC 3339)"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command network_inspect = {
    .name = "inspect",
    .summary = "Show everything about networks as JSON",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
