// From the kernel's first word to a place where PID 1 can work: its own root, the kernel's file
// systems, cgroups, loopback.
#pragma once

#include <string>

#include "bulkhead/result.hpp"

namespace bulkhead::guest {

// The kernel's command line; mounts /proc for it.
std::string read_command_line();
// True if the word is on it.
bool has_word(const std::string& command_line, const char* word);

// A tmpfs takes the initramfs's place as the root, because pivot_root, which the container needs,
// refuses to leave the initramfs; then /proc /sys /dev /run and the cgroup tree.
Status prepare_machine();

}  // namespace bulkhead::guest
