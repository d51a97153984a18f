// Small files, read and written whole. A private one belongs to us, and nobody else may read or
// write it: one that is otherwise is refused, not repaired, because whoever could have read it may
// have. It is written beside its name, synced, and renamed over it, so that a crash leaves the old
// one or the new one, and perhaps a NAME.tmp, which the next write replaces.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::registry {

// Nothing if there is no such file; kCorrupt if it is larger than the limit.
Result<std::optional<std::string>> read_file(const std::string& path, size_t limit);
Result<std::optional<std::string>> read_private_file(const std::string& path, size_t limit);

// The writer has the directory's lock.
Status replace_private_file(const std::string& path, std::string_view content);

// Makes the directory (0700) if it isn't there, and waits until no other thread or process has the
// lock, which goes with the descriptor.
Result<UniqueFd> lock_private_directory(const std::string& path);

}  // namespace bulkhead::registry
