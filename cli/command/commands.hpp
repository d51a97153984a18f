// Every command there is, each defined in a file of its own (or its group's, where a group is a
// list of things this version lacks). tree.cpp hangs them under their parents.
#pragma once

#include "command/table.hpp"

namespace bulkhead::cli::commands {

extern const Command root;

extern const Command container_create, container_delete, container_exec, container_inspect,
    container_kill, container_list, container_logs, container_prune, container_run, container_start,
    container_stats, container_stop;
extern const Command container_clean, container_copy, container_export;  // absent

extern const Command image_delete, image_import, image_inspect, image_list, image_load, image_prune,
    image_pull, image_push, image_save, image_tag;

extern const Command events, history;
extern const Command help;

extern const Command network_create, network_delete, network_inspect, network_list, network_prune;

extern const Command registry_list, registry_login, registry_logout;

extern const Command system_df, system_dns_create, system_dns_delete, system_dns_list,
    system_kernel_set, system_logs, system_property_clear, system_property_get,
    system_property_list, system_property_set, system_start, system_status, system_stop,
    system_template_build, system_template_list, system_template_prune, system_version;

extern const Command volume_create, volume_delete, volume_inspect, volume_list, volume_prune;

extern const Command build, builder, machine;  // absent

}  // namespace bulkhead::cli::commands
