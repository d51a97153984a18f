// container registry, image pull and image push: what they will take. Registries are not in this
// version.
#include "command/commands.hpp"
#include "render/format.hpp"

namespace bulkhead::cli::commands {

namespace {

constexpr std::string_view kNeeds =
    "needs the registry plugin; registries are not available in this version";

constexpr Argument kSubcommand[] = {{.name = "<subcommand>", .min = 0, .raw = true}};
constexpr Argument kServer[] = {{.name = "<server>"}};
constexpr Argument kReference[] = {{.name = "<reference>", .completes = Completes::kImage}};

constexpr Option kScheme = {.names = "--scheme",
                            .value = "<scheme>",
                            .help = "How to talk to the registry",
                            .choices = "http|https|auto",
                            .fallback = "auto"};
constexpr Option kProgress = {.names = "--progress",
                              .value = "<style>",
                              .help = "How to show progress",
                              .choices = "auto|none|ansi|plain|color",
                              .fallback = "auto"};
constexpr Option kArch = {
    .names = "-a, --arch", .value = "<arch>", .help = "Only this architecture"};
constexpr Option kOs = {.names = "--os", .value = "<os>", .help = "Only this operating system"};
constexpr Option kPlatform = {.names = "--platform",
                              .value = "<os/arch[/variant]>",
                              .help = "Only this platform; wins over --os and --arch"};

constexpr Option kLoginOptions[] = {
    {.names = "--password-stdin", .help = "Read the password from standard input"},
    kScheme,
    {.names = "-u, --username", .value = "<name>", .help = "User name"},
};
constexpr OptionGroup kLoginGroups[] = {{"Options", kLoginOptions}};
constexpr Command kLogin = {.name = "login",
                            .summary = "Log in to a registry",
                            .arguments = kServer,
                            .groups = kLoginGroups,
                            .needs = kNeeds};
constexpr Command kLogout = {
    .name = "logout", .summary = "Log out of a registry", .arguments = kServer, .needs = kNeeds};

constexpr Option kListOptions[] = {kFormatOption,
                                   {.names = "-q, --quiet", .help = "Show the host names only"}};
constexpr OptionGroup kListGroups[] = {{"Options", kListOptions}};
constexpr Command kList = {.name = "list",
                           .aliases = "ls",
                           .summary = "List logins",
                           .groups = kListGroups,
                           .needs = kNeeds};

constexpr const Command* kChildren[] = {&kList, &kLogin, &kLogout};

constexpr Option kPullOptions[] = {kArch,
                                   {.names = "--max-concurrent-downloads",
                                    .value = "<number>",
                                    .help = "Blobs to download at once",
                                    .fallback = "3"},
                                   kOs,
                                   kPlatform,
                                   kProgress,
                                   kScheme};
constexpr OptionGroup kPullGroups[] = {{"Options", kPullOptions}};
constexpr Option kPushOptions[] = {kArch, kOs, kPlatform, kProgress, kScheme};
constexpr OptionGroup kPushGroups[] = {{"Options", kPushOptions}};

}  // namespace

constexpr Command registry = {
    .name = "registry",
    .aliases = "r",
    .summary = "Manage logins to registries (not in this version)",
    .section = "Images",
    .arguments = kSubcommand,
    .children = kChildren,
};

constexpr Command image_pull = {
    .name = "pull",
    .summary = "Pull an image from a registry",
    .details =
        "Until then, images come from archives: 'container image load' and 'container image "
        "import'.",
    .arguments = kReference,
    .groups = kPullGroups,
    .needs = kNeeds,
};

constexpr Command image_push = {
    .name = "push",
    .summary = "Push an image to a registry",
    .arguments = kReference,
    .groups = kPushGroups,
    .needs = kNeeds,
};

}  // namespace bulkhead::cli::commands
