#include "writable_disk.hpp"

#include <unistd.h>

#include "ext4_format.hpp"
#include "sparse_copy.hpp"

namespace bulkhead::storage {
namespace {

// By libext2fs, since `mke2fs -d` would give the folders the ids of whoever runs the service.
errcode_t add_folders(ext2_filsys fs) {
  for (const char* folder : {"upper", "work"}) {
    if (const errcode_t error = ext2fs_mkdir(fs, EXT2_ROOT_INO, 0, folder)) return error;
  }
  return 0;
}

}  // namespace

Status make_writable_disk(const Layout& layout, uint64_t bytes, const Path& path) {
  if (bytes < kLeastWritableBytes || bytes > kMostWritableBytes) {
    return fail(Code::kInvalid, "a writable disk has between 64 MiB and 16 TiB, not " +
                                    std::to_string(bytes) + " bytes");
  }
  bytes = bytes / kMiB * kMiB;
  const Path formatted = layout.templates() / (std::to_string(bytes) + ".ext4");
  if (::access(formatted.c_str(), R_OK) != 0) {
    if (Status made = make_ext4(formatted, {bytes, fitting_journal(bytes), add_folders}); !made)
      return fail(std::move(made.error()).context("a writable disk"));
  }
  return clone_file(formatted, path);
}

}  // namespace bulkhead::storage
