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

}  // namespace

namespace commands {
constexpr Command network_inspect = {
    .name = "inspect",
    .summary = "Show everything about networks as JSON",
    .arguments = kArguments,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
