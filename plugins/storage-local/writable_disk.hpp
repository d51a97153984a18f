// The writable layer of a container: a sparse ext4 disk with an ordered journal and the folders
// `upper` and `work` that overlayfs wants. One is formatted per size and kept as a template; each
// container gets a clone, which takes milliseconds.
//
// The template allocates some 200 KiB of its nominal 64 GiB: all metadata is packed together, there
// are no copies of the superblock, and since a new file reads as zeros, the inode tables count as
// zeroed (assume_storage_prezeroed) without being written. For the same reason the guest's kernel
// has nothing left to initialise in the background, which would otherwise blow every clone up to a
// gigabyte in its first minutes.
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
