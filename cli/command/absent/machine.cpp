// container machine: persistent Linux machines. The verbs are here so that help and completion know
// them; their options come with them.
#include "command/commands.hpp"

namespace bulkhead::cli::commands {

namespace {

constexpr std::string_view kNeeds =
    "needs persistent machines; they are not available in this version";

constexpr Argument kSubcommand[] = {{.name = "<subcommand>", .min = 0, .raw = true}};
// Whatever is given, the answer is the same sentence and not a complaint about an option.
constexpr Argument kAnything[] = {{.name = "<argument>", .min = 0, .max = kMany, .raw = true}};

constexpr Command kCreate = {.name = "create",
                             .summary = "Create a machine from an image and boot it",
                             .arguments = kAnything,
                             .needs = kNeeds};
constexpr Command kDelete = {.name = "delete",
                             .aliases = "rm",
                             .summary = "Delete a machine and its disk",
                             .arguments = kAnything,
                             .needs = kNeeds};
constexpr Command kInspect = {.name = "inspect",
                              .summary = "Show everything about a machine as JSON",
                              .arguments = kAnything,
                              .needs = kNeeds};
constexpr Command kList = {.name = "list",
                           .aliases = "ls",
                           .summary = "List machines",
                           .arguments = kAnything,
                           .needs = kNeeds};
constexpr Command kLogs = {
    .name = "logs", .summary = "Show a machine's logs", .arguments = kAnything, .needs = kNeeds};
constexpr Command kRun = {.name = "run",
                          .summary = "Run a command or a shell in a machine",
                          .arguments = kAnything,
                          .needs = kNeeds};
constexpr Command kSet = {.name = "set",
                          .summary = "Change a machine's settings",
                          .arguments = kAnything,
                          .needs = kNeeds};
constexpr Command kSetDefault = {.name = "set-default",
                                 .summary = "Make a machine the default",
                                 .arguments = kAnything,
                                 .needs = kNeeds};
constexpr Command kStop = {
    .name = "stop", .summary = "Stop a machine", .arguments = kAnything, .needs = kNeeds};

constexpr const Command* kChildren[] = {&kCreate, &kDelete, &kInspect,    &kList, &kLogs,
                                        &kRun,    &kSet,    &kSetDefault, &kStop};

}  // namespace

constexpr Command machine = {
    .name = "machine",
    .aliases = "m",
    .summary = "Manage persistent machines (not in this version)",
    .section = "Other",
    .arguments = kSubcommand,
    .children = kChildren,
};

}  // namespace bulkhead::cli::commands
