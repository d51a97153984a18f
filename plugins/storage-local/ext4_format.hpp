// An empty ext4 file system in a sparse file, by mke2fs and, for what mke2fs can't do, libext2fs.
//
// It allocates some 200 KiB of a nominal 64 GiB, and 0.6 MiB of 512 GiB: all metadata is packed
// together, there are no copies of the superblock, and since a new file reads as zeros, the inode
// tables count as zeroed (assume_storage_prezeroed) without being written. For the same reason the
// guest's kernel has nothing left to initialise in the background, which would otherwise blow every
// disk up to gigabytes in its first minutes.
#pragma once

#include <ext2fs/ext2fs.h>

#include <cstdint>
#include <functional>

#include "bulkhead/result.hpp"
#include "file_io.hpp"

namespace bulkhead::storage {

struct Ext4Format {
  uint64_t bytes;
  uint64_t journal_bytes;  // whole MiB; 0: none
  // What is done to the new file system before anybody sees it.
  std::function<errcode_t(ext2_filsys)> finish;
};

// The least that the kernel takes: 1024 blocks.
inline constexpr uint64_t kLeastJournalBytes = 4 * 1024 * 1024;

// Large enough that a busy database doesn't wait for it, small enough that the host doesn't notice:
// it fills up. 0 for a disk that has no room for one.
uint64_t fitting_journal(uint64_t bytes);

// Writes it beside `path`, syncs it and renames it over; on failure nothing stays.
Status make_ext4(const Path& path, const Ext4Format& format);

}  // namespace bulkhead::storage
