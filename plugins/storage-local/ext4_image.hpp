// The file system around the data: a finished tree and the data area its contents lie in become one
// ext4 image, by libext2fs, without root. The image is for reading only: no journal, no free space,
// no copies of the superblock.
//
// Layout, in blocks of 4 KiB:
//     superblock, group descriptors | contents, folders, long link targets | attributes, extent
//     indexes | block bitmaps, inode bitmaps, inode tables
// The tables stand at the end (flex_bg permits any place) because their size is known only when the
// contents are written. Identifiers and times come from the image's digest and its files, so that
// the same image gives the same bytes.
#pragma once

#include <string>

#include "bulkhead/result.hpp"
#include "data_area.hpp"
#include "digest.hpp"
#include "file_tree.hpp"

namespace bulkhead::storage {

// Completes area.path(); the caller syncs and renames it.
Status write_ext4_image(const FileTree& tree, DataArea& area, const Digest& identity);

}  // namespace bulkhead::storage
