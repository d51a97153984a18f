// The writable layer of a container: a sparse ext4 disk with an ordered journal and the folders
// `upper` and `work` that overlayfs wants. One is formatted per size and kept as a template; each
// container gets a clone, which takes milliseconds.
#pragma once

#include <cstdint>

#include "bulkhead/result.hpp"
#include "file_io.hpp"
#include "layout.hpp"
#include "limits.hpp"

namespace bulkhead::storage {

inline constexpr uint64_t kDefaultWritableBytes = 64 * kGiB;
inline constexpr uint64_t kLeastWritableBytes = 64 * kMiB;
inline constexpr uint64_t kMostWritableBytes = 16 * 1024 * kGiB;

// Makes a disk of this nominal size at `path`, from its template, which is formatted first if there
// is none.
Status make_writable_disk(const Layout& layout, uint64_t bytes, const Path& path);

}  // namespace bulkhead::storage
