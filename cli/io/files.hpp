// Whole small files of the user's.
#pragma once

#include <string>
#include <string_view>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::cli {

// Pipes and process substitutions are files too: read to the end, at most 16 MiB.
Result<std::string> read_file(const std::string& path);
// The same of an open one; `name` is for the sentence of a failure.
Result<std::string> read_to_end(int fd, const std::string& name);

// A file that must not exist yet, mode 0644.
Result<UniqueFd> create_new_file(const std::string& path);

Status write_all(int fd, std::string_view bytes);

}  // namespace bulkhead::cli
