// A copy of a sparse file that costs what is in it, not what it is long: shared blocks where the
// file system has reflinks (btrfs, XFS), else the data between the holes.
#pragma once

#include "bulkhead/result.hpp"
#include "file_io.hpp"

namespace bulkhead::storage {

// `to` is written beside its name and renamed, so that it is whole or absent.
Status clone_file(const Path& from, const Path& to);

// The part of clone_file that works on every file system; for its test.
Status copy_data_segments(int from, int to, uint64_t size, std::string_view what);

}  // namespace bulkhead::storage
