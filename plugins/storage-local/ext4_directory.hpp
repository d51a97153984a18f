// The blocks of one ext4 folder, built whole from its sorted names. libext2fs would add a name by
// looking for room in all blocks from the first (the square of the size), and can't build the hash
// index that lets the guest's kernel find a name in a large folder without reading all of it. A
// folder of at most two blocks is a plain list.
//
// With an index: block 0 is its root, "." and "..", then pairs (first hash, block); if one block of
// pairs isn't enough, it points to blocks of pairs; these point to the leaves, plain lists whose
// names are sorted by hash.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"

namespace bulkhead::storage {

using HashSeed = std::array<uint32_t, 4>;

struct DirectoryEntry {
  uint32_t inode;
  uint8_t type;  // EXT2_FT_REG_FILE ...
  std::string_view name;
};

struct DirectoryBlocks {
  std::string bytes;  // whole blocks
  bool indexed = false;
};

Result<DirectoryBlocks> build_directory(uint32_t self, uint32_t parent,
                                        const std::vector<DirectoryEntry>& entries,
                                        const HashSeed& seed);

}  // namespace bulkhead::storage
