// container build and container builder: what they will take. The builder is not in this version.
#include "command/commands.hpp"
#include "render/format.hpp"

namespace bulkhead::cli::commands {

namespace {

constexpr std::string_view kNeeds =
    "needs the builder plugin; building is not available in this version";

constexpr Argument kSubcommand[] = {{.name = "<subcommand>", .min = 0, .raw = true}};
constexpr Argument kContext[] = {{.name = "<context-dir>",
                                  .help = "The folder to build; the current one by default",
                                  .min = 0,
                                  .completes = Completes::kDirectory}};

constexpr Option kCpus = {
    .names = "-c, --cpus", .value = "<number>", .help = "CPUs of the builder", .fallback = "2"};
constexpr Option kMemory = {.names = "-m, --memory",
                            .value = "<size>",
                            .help = "Memory of the builder",
                            .fallback = "2048MB"};
constexpr Option kDns[] = {
    {.names = "--dns", .value = "<ip>", .help = "Address of a DNS server", .repeats = true},
    {.names = "--dns-domain", .value = "<domain>", .help = "Domain line of resolv.conf"},
    {.names = "--dns-option",
     .value = "<option>",
     .help = "Option of resolv.conf",
     .repeats = true},
    {.names = "--dns-search",
     .value = "<domain>",
     .help = "Search domain of resolv.conf",
     .repeats = true},
};

constexpr Option kBuildOptions[] = {
    {.names = "-a, --arch",
     .value = "<arch>",
     .help = "Architecture to build for",
     .repeats = true},
    {.names = "--build-arg",
     .value = "<key=value>",
     .help = "Build-time variable",
     .repeats = true},
    kCpus,
    {.names = "-f, --file",
     .value = "<path>",
     .help = "Dockerfile; - for standard input",
     .completes = Completes::kFile},
    {.names = "-l, --label", .value = "<key=value>", .help = "Label the image", .repeats = true},
    kMemory,
    {.names = "--no-cache", .help = "Use no cache"},
    {.names = "-o, --output",
     .value = "<type=oci|tar|local[,dest=]>",
     .help = "Where the result goes",
     .fallback = "type=oci"},
    {.names = "--os",
     .value = "<os>",
     .help = "Operating system to build for",
     .fallback = "linux"},
    {.names = "--platform",
     .value = "<os/arch[/variant]>",
     .help = "Platform to build for; wins over --os and --arch",
     .repeats = true},
    {.names = "--progress",
     .value = "<style>",
     .help = "How to show progress",
     .choices = "auto|plain|tty",
     .fallback = "auto"},
    {.names = "--pull", .help = "Always pull base images"},
    {.names = "-q, --quiet", .help = "Show no build output"},
    {.names = "--secret",
     .value = "<id=key[,env=|,src=]>",
     .help = "Secret of the build",
     .repeats = true},
    {.names = "--ssh", .value = "<id>", .help = "Forward the SSH agent", .choices = "default"},
    {.names = "-t, --tag", .value = "<name>", .help = "Name the image", .repeats = true},
    {.names = "--target", .value = "<stage>", .help = "Stage to build"},
    {.names = "--vsock-port", .value = "<port>", .help = "Port of the builder", .fallback = "8088"},
};
constexpr OptionGroup kBuildGroups[] = {{"Options", kBuildOptions}, {"DNS of the builder", kDns}};

constexpr Option kStartOptions[] = {kCpus, kMemory};
constexpr OptionGroup kStartGroups[] = {{"Options", kStartOptions}, {"DNS of the builder", kDns}};
constexpr Command kStart = {
    .name = "start", .summary = "Start the builder", .groups = kStartGroups, .needs = kNeeds};

constexpr Option kStatusOptions[] = {kFormatOption,
                                     {.names = "-q, --quiet", .help = "Show the id only"}};
constexpr OptionGroup kStatusGroups[] = {{"Options", kStatusOptions}};
constexpr Command kStatus = {.name = "status",
                             .summary = "Show the builder's status",
                             .groups = kStatusGroups,
                             .needs = kNeeds};

constexpr Command kStop = {.name = "stop", .summary = "Stop the builder", .needs = kNeeds};

constexpr Option kDeleteOptions[] = {{.names = "-f, --force", .help = "Also if it runs"}};
constexpr OptionGroup kDeleteGroups[] = {{"Options", kDeleteOptions}};
constexpr Command kDelete = {.name = "delete",
                             .aliases = "rm",
                             .summary = "Delete the builder",
                             .groups = kDeleteGroups,
                             .needs = kNeeds};

constexpr const Command* kChildren[] = {&kDelete, &kStart, &kStatus, &kStop};

}  // namespace

constexpr Command build = {
    .name = "build",
    .summary = "Build an image from a Dockerfile or Containerfile",
    .details = "Until then, 'container image import' makes images of root file system archives.",
    .section = "Images",
    .arguments = kContext,
    .groups = kBuildGroups,
    .needs = kNeeds,
};

constexpr Command builder = {
    .name = "builder",
    .summary = "Manage the builder (not in this version)",
    .section = "Images",
    .arguments = kSubcommand,
    .children = kChildren,
};

}  // namespace bulkhead::cli::commands
