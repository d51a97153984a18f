// container copy, export and clean: what they will take. Files don't travel between host and guest
// in this version.
#include "command/commands.hpp"

namespace bulkhead::cli::commands {

namespace {

constexpr std::string_view kNeeds =
    "needs file transfer with the guest; it is not available in this version";

constexpr Argument kCopyArguments[] = {
    {.name = "<source>", .help = "A path, or <container-id>:<path>", .completes = Completes::kFile},
    {.name = "<destination>", .help = "The other kind", .completes = Completes::kFile}};
constexpr Argument kContainer[] = {{.name = "<container-id>", .completes = Completes::kContainer}};
constexpr Argument kContainers[] = {
    {.name = "<container-id>", .min = 0, .max = kMany, .completes = Completes::kContainer}};

constexpr Option kExportOptions[] = {{.names = "-o, --output",
                                      .value = "<path>",
                                      .help = "File to write; standard output by default",
                                      .completes = Completes::kFile}};
constexpr OptionGroup kExportGroups[] = {{"Options", kExportOptions}};

}  // namespace

constexpr Command container_copy = {
    .name = "copy",
    .aliases = "cp",
    .summary = "Copy files between a container and the host",
    .details =
        "Until then, small files go through a process: container exec -i web sh -c 'cat > /file' < "
        "file",
    .section = "Containers",
    .arguments = kCopyArguments,
    .needs = kNeeds,
};

constexpr Command container_export = {
    .name = "export",
    .summary = "Write a container's root file system to a tar archive",
    .section = "Containers",
    .arguments = kContainer,
    .groups = kExportGroups,
    .needs = kNeeds,
};

constexpr Command container_clean = {
    .name = "clean",
    .summary = "Give back disk space that running containers have freed",
    .section = "Containers",
    .arguments = kContainers,
    .needs = "needs trimming of running file systems; it is not available in this version",
};

}  // namespace bulkhead::cli::commands
