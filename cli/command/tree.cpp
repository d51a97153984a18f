// The shape of the command tree, and nothing else.
#include "command/commands.hpp"

namespace bulkhead::cli::commands {

namespace {

constexpr Argument kSubcommand[] = {
    {.name = "<subcommand>", .min = 0, .completes = Completes::kCommand, .raw = true}};

constexpr const Command* kImage[] = {&image_delete, &image_import, &image_inspect, &image_list,
                                     &image_load,   &image_prune,  &image_pull,    &image_push,
                                     &image_save,   &image_tag};
constexpr Command kImageGroup = {.name = "image",
                                 .aliases = "i",
                                 .summary = "Manage images",
                                 .section = "Images",
                                 .arguments = kSubcommand,
                                 .children = kImage};

constexpr const Command* kRegistry[] = {&registry_list, &registry_login, &registry_logout};
constexpr Command kRegistryGroup = {.name = "registry",
                                    .aliases = "r",
                                    .summary = "Manage logins to registries",
                                    .section = "Images",
                                    .arguments = kSubcommand,
                                    .children = kRegistry};

constexpr const Command* kNetwork[] = {&network_create, &network_delete, &network_inspect,
                                       &network_list, &network_prune};
constexpr Command kNetworkGroup = {.name = "network",
                                   .aliases = "n",
                                   .summary = "Manage networks",
                                   .section = "Networks and volumes",
                                   .arguments = kSubcommand,
                                   .children = kNetwork};

constexpr const Command* kDns[] = {&system_dns_create, &system_dns_delete, &system_dns_list};
constexpr Command kDnsGroup = {
    .name = "dns", .summary = "Manage local domains", .arguments = kSubcommand, .children = kDns};

constexpr const Command* kKernel[] = {&system_kernel_set};
constexpr Command kKernelGroup = {.name = "kernel",
                                  .summary = "Manage the default kernel",
                                  .arguments = kSubcommand,
                                  .children = kKernel};

constexpr const Command* kProperty[] = {&system_property_clear, &system_property_get,
                                        &system_property_list, &system_property_set};
constexpr Command kPropertyGroup = {.name = "property",
                                    .summary = "Manage the service's properties",
                                    .arguments = kSubcommand,
                                    .children = kProperty};

constexpr const Command* kTemplate[] = {&system_template_build, &system_template_list,
                                        &system_template_prune};
constexpr Command kTemplateGroup = {.name = "template",
                                    .summary = "Manage the machines that containers are clones of",
                                    .arguments = kSubcommand,
                                    .children = kTemplate};

constexpr const Command* kSystem[] = {&system_df,      &kDnsGroup,     &kKernelGroup,  &system_logs,
                                      &kPropertyGroup, &system_start,  &system_status, &system_stop,
                                      &kTemplateGroup, &system_version};
constexpr Command kSystemGroup = {.name = "system",
                                  .aliases = "s",
                                  .summary = "Manage the service",
                                  .section = "System",
                                  .arguments = kSubcommand,
                                  .children = kSystem};

constexpr const Command* kVolume[] = {&volume_create, &volume_delete, &volume_inspect, &volume_list,
                                      &volume_prune};
constexpr Command kVolumeGroup = {.name = "volume",
                                  .aliases = "v",
                                  .summary = "Manage volumes",
                                  .section = "Networks and volumes",
                                  .arguments = kSubcommand,
                                  .children = kVolume};

constexpr const Command* kRoot[] = {&container_clean,
                                    &container_copy,
                                    &container_create,
                                    &container_delete,
                                    &container_exec,
                                    &container_export,
                                    &container_inspect,
                                    &container_kill,
                                    &container_list,
                                    &container_logs,
                                    &container_prune,
                                    &container_run,
                                    &container_start,
                                    &container_stats,
                                    &container_stop,
                                    &kImageGroup,
                                    &kRegistryGroup,
                                    &build,
                                    &builder,
                                    &machine,
                                    &kNetworkGroup,
                                    &kVolumeGroup,
                                    &events,
                                    &history,
                                    &kSystemGroup,
                                    &help};

constexpr Option kRootOptions[] = {
    {.names = "--version", .help = "Show the version"},
    {.names = "--generate-completion-script",
     .value = "<shell>",
     .help = "Print the completion script for a shell",
     .choices = "zsh|bash|fish"},
    {.names = "--generate-reference", .help = "Print the page docs/reference/cli.md"},
};
constexpr OptionGroup kRootGroups[] = {{"Options", kRootOptions}};

}  // namespace

constexpr Command root = {
    .name = "container",
    .summary = "Run OCI containers, each in its own lightweight virtual machine",
    .arguments = kSubcommand,
    .groups = kRootGroups,
    .children = kRoot};

}  // namespace bulkhead::cli::commands
