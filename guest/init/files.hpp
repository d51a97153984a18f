// Whole small files and directories, the way PID 1 needs them: kernel interfaces, and files of a
// tree it doesn't trust.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::guest {

// A file of the kernel (procfs, sysfs, cgroup): one write, because there each write is a command.
Status write_kernel_file(const char* path, std::string_view value);
// At most limit bytes of a file of the kernel; empty if it isn't there.
std::string read_kernel_file(const char* path, size_t limit = 8192);

// A file of the container's tree. Anything that isn't a plain file reads as empty: a fifo must not
// hold up whoever reads.
Result<std::string> read_plain_file(const char* path, size_t limit);

// mkdir -p with mode 0755. Paths resolve below the caller's root directory.
Status make_directories(const std::string& path);

// Wraps openat2: the descriptor of path below dirfd, resolved under the rules of RESOLVE_* in
// resolve.
UniqueFd open_below(int dirfd, const char* path, int flags, uint64_t resolve, mode_t mode = 0);

}  // namespace bulkhead::guest
