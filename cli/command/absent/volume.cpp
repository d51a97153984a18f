// container volume: what it will take. Volumes are not in this version.
#include "command/commands.hpp"
#include "render/format.hpp"

namespace bulkhead::cli::commands {

namespace {

constexpr std::string_view kNeeds =
    "needs volume storage; volumes are not available in this version";

constexpr Argument kName[] = {{.name = "<name>"}};
constexpr Argument kNames[] = {{.name = "<name>", .min = 0, .max = kMany}};
constexpr Argument kNamesToInspect[] = {{.name = "<name>", .max = kMany}};
constexpr Argument kSubcommand[] = {{.name = "<subcommand>", .min = 0, .raw = true}};

constexpr Option kCreateOptions[] = {
    {.names = "--label", .value = "<key=value>", .help = "Label the volume", .repeats = true},
    {.names = "--opt",
     .value = "<key=value>",
     .help = "Option of the driver, e.g. size=10g",
     .repeats = true},
    {.names = "-s", .value = "<size>", .help = "Size of the volume"},
};
constexpr OptionGroup kCreateGroups[] = {{"Options", kCreateOptions}};
constexpr Command kCreate = {.name = "create",
                             .summary = "Create a volume",
                             .arguments = kName,
                             .groups = kCreateGroups,
                             .needs = kNeeds};

constexpr Option kDeleteOptions[] = {{.names = "-a, --all", .help = "Delete all volumes"}};
constexpr OptionGroup kDeleteGroups[] = {{"Options", kDeleteOptions}};
constexpr Command kDelete = {.name = "delete",
                             .aliases = "rm",
                             .summary = "Delete volumes",
                             .arguments = kNames,
                             .groups = kDeleteGroups,
                             .needs = kNeeds};

constexpr Option kListOptions[] = {kFormatOption,
                                   {.names = "-q, --quiet", .help = "Show the names only"}};
constexpr OptionGroup kListGroups[] = {{"Options", kListOptions}};
constexpr Command kList = {.name = "list",
                           .aliases = "ls",
                           .summary = "List volumes",
                           .groups = kListGroups,
                           .needs = kNeeds};

constexpr Command kInspect = {.name = "inspect",
                              .summary = "Show everything about volumes as JSON",
                              .arguments = kNamesToInspect,
                              .needs = kNeeds};
constexpr Command kPrune = {
    .name = "prune", .summary = "Delete volumes that no container uses", .needs = kNeeds};

constexpr const Command* kChildren[] = {&kCreate, &kDelete, &kInspect, &kList, &kPrune};

}  // namespace

constexpr Command volume = {
    .name = "volume",
    .aliases = "v",
    .summary = "Manage volumes (not in this version)",
    .section = "Networks and volumes",
    .arguments = kSubcommand,
    .children = kChildren,
};

}  // namespace bulkhead::cli::commands
