// container network: what it will take. Networks are not in this version.
#include "command/commands.hpp"
#include "render/format.hpp"

namespace bulkhead::cli::commands {

namespace {

constexpr std::string_view kNeeds =
    "needs a network plugin; networks are not available in this version";

constexpr Argument kName[] = {{.name = "<name>"}};
constexpr Argument kNames[] = {{.name = "<name>", .min = 0, .max = kMany}};
constexpr Argument kNamesToInspect[] = {{.name = "<name>", .max = kMany}};
constexpr Argument kSubcommand[] = {{.name = "<subcommand>", .min = 0, .raw = true}};

constexpr Option kCreateOptions[] = {
    {.names = "--internal", .help = "Reach other containers only"},
    {.names = "--label", .value = "<key=value>", .help = "Label the network", .repeats = true},
    {.names = "--option", .value = "<key=value>", .help = "Option of the plugin", .repeats = true},
    {.names = "--plugin", .value = "<name>", .help = "Network plugin"},
    {.names = "--subnet", .value = "<cidr>", .help = "IPv4 subnet"},
    {.names = "--subnet-v6", .value = "<cidr>", .help = "IPv6 prefix"},
};
constexpr OptionGroup kCreateGroups[] = {{"Options", kCreateOptions}};
constexpr Command kCreate = {.name = "create",
                             .summary = "Create a network",
                             .arguments = kName,
                             .groups = kCreateGroups,
                             .needs = kNeeds};

constexpr Option kDeleteOptions[] = {{.names = "-a, --all", .help = "Delete all networks"}};
constexpr OptionGroup kDeleteGroups[] = {{"Options", kDeleteOptions}};
constexpr Command kDelete = {.name = "delete",
                             .aliases = "rm",
                             .summary = "Delete networks",
                             .arguments = kNames,
                             .groups = kDeleteGroups,
                             .needs = kNeeds};

constexpr Option kListOptions[] = {kFormatOption,
                                   {.names = "-q, --quiet", .help = "Show the names only"}};
constexpr OptionGroup kListGroups[] = {{"Options", kListOptions}};
constexpr Command kList = {.name = "list",
                           .aliases = "ls",
                           .summary = "List networks",
                           .groups = kListGroups,
                           .needs = kNeeds};

constexpr Command kInspect = {.name = "inspect",
                              .summary = "Show everything about networks as JSON",
                              .arguments = kNamesToInspect,
                              .needs = kNeeds};
constexpr Command kPrune = {
    .name = "prune", .summary = "Delete networks that no container uses", .needs = kNeeds};

constexpr const Command* kChildren[] = {&kCreate, &kDelete, &kInspect, &kList, &kPrune};

}  // namespace

constexpr Command network = {
    .name = "network",
    .aliases = "n",
    .summary = "Manage networks (not in this version)",
    .section = "Networks and volumes",
    .arguments = kSubcommand,
    .children = kChildren,
};

}  // namespace bulkhead::cli::commands
