// An image archive as it streams in, perhaps through a pipe: every file is received into the ingest
// under its digest, and what it was called is noted. What the names mean is for the readers of the
// two formats (image_archive.hpp).
//
// Names are checked here. A member whose name is absolute or climbs, a link that leads out of the
// archive, a device: the archive is refused, or, by the user's explicit wish, the member is left
// out and listed. No member's name ever becomes a path of the host.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingest.hpp"
#include "tar_reader.hpp"

namespace bulkhead::storage {

struct ArchiveContents {
  std::map<std::string, Received> files;     // by name without "./"
  std::map<std::string, std::string> links;  // name -> the name it stands for
  std::vector<std::string> skipped;

  // The file of this name, through links.
  const Received* find(std::string_view name) const;
};

struct IntakeOptions {
  bool skip_refused = false;
};

Result<ArchiveContents> take_archive(int fd, Ingest& ingest, const IntakeOptions& options,
                                     const Limits& limits, const Task& task);

}  // namespace bulkhead::storage
