// image inspect: a JSON array of the images named. Nothing is printed unless all of them exist.
#include <nlohmann/json.hpp>

#include "command/commands.hpp"
#include "command/context.hpp"
#include "command/inspect_all.hpp"
#include "command/invocation.hpp"

namespace bulkhead::cli {

namespace {

Result<int> run(Context& context, const Invocation& invocation) {
  return inspect_all(context, invocation, "image",
                     [](const std::string& reference) { return image_target(reference); });
}

constexpr Argument kArguments[] = {
    {.name = "<image>", .max = kMany, .completes = Completes::kImage}};
constexpr Option kOptions[] = {
    {.names = "--at",
     .value = "<seq|time>",
     .help = "Show what was there at an event number or a time (RFC 3339)"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};

}  // namespace

namespace commands {
constexpr Command image_inspect = {
    .name = "inspect",
    .summary = "Show everything about images as JSON",
    .arguments = kArguments,
    .groups = kGroups,
    .run = run,
};
}  // namespace commands

}  // namespace bulkhead::cli
