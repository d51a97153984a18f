// container system dns: local domains. They come with networks.
#include "command/commands.hpp"
#include "render/format.hpp"

namespace bulkhead::cli::commands {

namespace {

constexpr std::string_view kNeeds =
    "needs a network plugin; networks are not available in this version";

constexpr Argument kSubcommand[] = {{.name = "<subcommand>", .min = 0, .raw = true}};
constexpr Argument kDomain[] = {{.name = "<domain-name>"}};

constexpr Option kCreateOptions[] = {
    {.names = "--localhost",
     .value = "<ipv4>",
     .help = "Make the domain mean the host's loopback, through this address"}};
constexpr OptionGroup kCreateGroups[] = {{"Options", kCreateOptions}};
constexpr Command kCreate = {.name = "create",
                             .summary = "Create a local domain",
                             .arguments = kDomain,
                             .groups = kCreateGroups,
                             .needs = kNeeds};
constexpr Command kDelete = {.name = "delete",
                             .aliases = "rm",
                             .summary = "Delete a local domain",
                             .arguments = kDomain,
                             .needs = kNeeds};

constexpr Option kListOptions[] = {kFormatOption,
                                   {.names = "-q, --quiet", .help = "Show the domains only"}};
constexpr OptionGroup kListGroups[] = {{"Options", kListOptions}};
constexpr Command kList = {.name = "list",
                           .aliases = "ls",
                           .summary = "List local domains",
                           .groups = kListGroups,
                           .needs = kNeeds};

constexpr const Command* kChildren[] = {&kCreate, &kDelete, &kList};

}  // namespace

constexpr Command system_dns = {
    .name = "dns",
    .summary = "Manage local domains (not in this version)",
    .arguments = kSubcommand,
    .children = kChildren,
};

}  // namespace bulkhead::cli::commands
