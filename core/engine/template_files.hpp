// A template's two memory files, and their copies on disk.
//
// What clones map is a memfd that is sealed: nothing, not even a QEMU that its guest has broken out
// into, can change it or punch holes into it. It is filled from the file on disk while the digest
// is taken, so what was checked is what is used. A file has a hole wherever there is nothing but
// zeros for a page; the digest is taken over the other pages and where they are, so that it doesn't
// matter which of two equal files has more holes.
#pragma once

#include <cstdint>
#include <string>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"

namespace bulkhead::engine {

struct TemplateFiles {
  UniqueFd ram, state;
};

struct StoredTemplate {
  std::string ram_digest, state_digest;
  int64_t bytes = 0;  // allocated on disk
};

// Two empty memory files; `ram` of that size.
Result<TemplateFiles> make_template_files(uint64_t ram_bytes);

// Seals both and writes them to `directory`, which appears whole or not at all.
Result<StoredTemplate> store_template(const TemplateFiles& files, const std::string& directory);

// Sealed; kCorrupt if a digest is another.
Result<TemplateFiles> load_template(const std::string& directory, const StoredTemplate& expected);

}  // namespace bulkhead::engine
