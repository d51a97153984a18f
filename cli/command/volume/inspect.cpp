// volume inspect: everything the service knows of volumes, and what they take on this host.
#include "command/commands.hpp"
#include "command/inspect_all.hpp"
#include "http/target.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  return inspect_all(context, invocation, "volume",
                     [](const std::string& name) { return "/v1/volumes/" + percent_encode(name); });
}

constexpr Argument kArguments[] = {
    {.name = "<name>", .max = kMany, .completes = Completes::kVolume}};
constexpr Option kOptions[] = {
    {.names = "--at",
     .value = "<seq|time>",
     .help = "Show what was there at an event number or a time (RFC 3339)"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command volume_inspect = {
    .name = "inspect",
    .summary = "Show everything about volumes as JSON",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
