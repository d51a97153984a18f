// How full an ext4 file system says it is. A volume's disk is written by guests, so its superblock
// is foreign bytes: it is read here, by hand and with nothing believed, and not given to
// libext2fs. The kernel brings the numbers up to date when it unmounts; until then the superblock
// says that it needs recovery.
#pragma once

#include <cstdint>
#include <optional>

#include "digest.hpp"
#include "file_io.hpp"

namespace bulkhead::storage {

// Bytes that files and folders take, without what the file system needs for itself. Nothing if
// these bytes are no superblock, contradict themselves, or aren't up to date.
std::optional<uint64_t> used_bytes(Bytes superblock);
std::optional<uint64_t> used_bytes_of_disk(const Path& disk);

}  // namespace bulkhead::storage
