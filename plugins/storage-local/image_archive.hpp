// What an archive that was taken in says about images, in either of its formats:
//
//   OCI archive      index.json names manifests and indexes, with their references in annotations
//   docker-archive   manifest.json lists config, tags and layer files of each image; an OCI
//   manifest is written for it,
//                    with the layers as they are
//
// An archive that has both (newer `docker save`) is read as OCI, which keeps indexes whole.
#pragma once

#include <string>
#include <vector>

#include "archive_intake.hpp"
#include "content.hpp"

namespace bulkhead::storage {

struct NamedImage {
  Digest digest;                        // of an index or manifest that is in the ingest
  std::vector<std::string> references;  // normalised; may be empty
};

struct ArchivedImages {
  std::vector<NamedImage> images;
  std::vector<std::string> notes;  // names that couldn't be used, and why
  uint64_t names = 0;              // all that were given
};

// label: the archive's file name; "web.tar" completes a bare tag to "web:<tag>".
Result<ArchivedImages> read_image_archive(const ArchiveContents& contents, Ingest& ingest,
                                          const std::string& label, const Limits& limits);

}  // namespace bulkhead::storage
