// Archives in and out: the descriptor that travels to the service, and the name messages call it
// by.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "command/context.hpp"

namespace bulkhead::cli {

struct ArchiveInput {
  UniqueFd file;     // what was opened, if anything was
  int descriptor;    // what to send
  std::string name;  // "web.tar", or "standard input"
};

// "-" and "" mean standard input; a terminal there is refused, because nobody types an archive.
Result<ArchiveInput> open_archive(Context& context, const std::string& path);

}  // namespace bulkhead::cli
