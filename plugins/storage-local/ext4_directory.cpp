#include "ext4_directory.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "ext2_error.hpp"

namespace bulkhead::storage {
namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kDotBytes = 12;    // of "." and at least of ".."
constexpr size_t kRootHeader = 32;  // ".", ".." and the index's description
constexpr size_t kNodeHeader = 8;   // an empty entry that spans the block
constexpr size_t kPairBytes = 8;
constexpr size_t kRootPairs = (kBlock - kRootHeader) / kPairBytes;
constexpr size_t kNodePairs = (kBlock - kNodeHeader) / kPairBytes;
constexpr size_t kPlainBlocks = 2;

template <class Integer>
void put(std::string& block, size_t at, Integer value) {
  for (size_t i = 0; i < sizeof value; ++i)
    block[at + i] = static_cast<char>(value >> (8 * i) & 0xff);
}

size_t entry_bytes(std::string_view name) {
  return (8 + name.size() + 3) & ~size_t{3};
}

// A block that entries are appended to; the last one's length reaches to the block's end.
class ListBlock {
 public:
  bool fits(std::string_view name) const { return used_ + entry_bytes(name) <= kBlock; }

  void add(const DirectoryEntry& entry) {
    if (used_ > 0) put(bytes_, last_ + 4, static_cast<uint16_t>(used_ - last_));
    put(bytes_, used_, entry.inode);
    put(bytes_, used_ + 6, static_cast<uint8_t>(entry.name.size()));
    put(bytes_, used_ + 7, entry.type);
    std::memcpy(bytes_.data() + used_ + 8, entry.name.data(), entry.name.size());
    last_ = used_;
    used_ += entry_bytes(entry.name);
  }

  const std::string& finish() {
    put(bytes_, last_ + 4, static_cast<uint16_t>(kBlock - last_));
    return bytes_;
  }

 private:
  std::string bytes_ = std::string(kBlock, '\0');
  size_t used_ = 0, last_ = 0;
};

std::string plain_list(const std::vector<DirectoryEntry>& entries) {
  std::string blocks;
  ListBlock block;
  for (const DirectoryEntry& entry : entries) {
    if (!block.fits(entry.name)) {
      blocks += block.finish();
      block = ListBlock();
    }
    block.add(entry);
  }
  return blocks + block.finish();
}

struct Hashed {
  uint32_t hash, minor;
  const DirectoryEntry* entry;
};

struct Pair {
  uint32_t hash;  // the lowest in the block it points to
  uint32_t block;
};

Result<std::vector<Hashed>> sorted_by_hash(const std::vector<DirectoryEntry>& entries,
                                           const HashSeed& seed) {
  std::vector<Hashed> sorted;
  sorted.reserve(entries.size());
  for (const DirectoryEntry& entry : entries) {
    ext2_dirhash_t hash = 0, minor = 0;
    const errcode_t error = ext2fs_dirhash2(EXT2_HASH_HALF_MD4_UNSIGNED, entry.name.data(),
                                            static_cast<int>(entry.name.size()), nullptr, 0,
                                            seed.data(), &hash, &minor);
    if (error != 0) return fail_ext2("hash a name", error);
    sorted.push_back({hash, minor, &entry});
  }
  std::sort(sorted.begin(), sorted.end(), [](const Hashed& a, const Hashed& b) {
    return std::tie(a.hash, a.minor, a.entry->name) < std::tie(b.hash, b.minor, b.entry->name);
  });
  return sorted;
}

// Appends the leaves; tells the lowest hash of each. A hash that continues from the leaf before is
// marked in its lowest bit.
std::vector<Pair> append_leaves(std::string& blocks, const std::vector<Hashed>& sorted) {
  std::vector<Pair> leaves;
  ListBlock leaf;
  uint32_t last_hash = 0;
  const auto begin_leaf = [&](const Hashed& first) {
    const bool continues = !leaves.empty() && first.hash == last_hash;
    leaves.push_back({first.hash | (continues ? 1u : 0u), static_cast<uint32_t>(leaves.size())});
  };
  for (const Hashed& hashed : sorted) {
    if (leaves.empty()) begin_leaf(hashed);
    if (!leaf.fits(hashed.entry->name)) {
      blocks += leaf.finish();
      leaf = ListBlock();
      begin_leaf(hashed);
    }
    leaf.add(*hashed.entry);
    last_hash = hashed.hash;
  }
  blocks += leaf.finish();
  return leaves;
}

// The first pair has no hash (it begins at 0): limit and count stand in its place.
void put_pairs(std::string& block, size_t at, size_t limit, const Pair* pairs, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    put(block, at + i * kPairBytes, pairs[i].hash);
    put(block, at + i * kPairBytes + 4, pairs[i].block);
  }
  put(block, at, static_cast<uint16_t>(limit));
  put(block, at + 2, static_cast<uint16_t>(count));
}

std::string index_root(uint32_t self, uint32_t parent, const std::vector<Pair>& pairs,
                       bool two_levels) {
  ListBlock dots;
  dots.add({self, EXT2_FT_DIR, "."});
  dots.add({parent, EXT2_FT_DIR, ".."});
  std::string block = dots.finish();
  put(block, 2 * kDotBytes + 4, static_cast<uint8_t>(EXT2_HASH_HALF_MD4));
  put(block, 2 * kDotBytes + 5, static_cast<uint8_t>(8));  // length of this description
  put(block, 2 * kDotBytes + 6, static_cast<uint8_t>(two_levels ? 1 : 0));
  put_pairs(block, kRootHeader, kRootPairs, pairs.data(), pairs.size());
  return block;
}

Result<std::string> indexed(uint32_t self, uint32_t parent,
                            const std::vector<DirectoryEntry>& entries, const HashSeed& seed) {
  Result<std::vector<Hashed>> sorted = sorted_by_hash(entries, seed);
  if (!sorted) return tl::unexpected(std::move(sorted.error()));
  std::string leaf_blocks;
  std::vector<Pair> leaves = append_leaves(leaf_blocks, *sorted);
  const bool two_levels = leaves.size() > kRootPairs;
  const size_t nodes = two_levels ? (leaves.size() + kNodePairs - 1) / kNodePairs : 0;
  if (nodes > kRootPairs) return fail(Code::kNoSpace, "a folder has more than 20 million names");
  for (Pair& leaf : leaves) leaf.block += static_cast<uint32_t>(1 + nodes);
  if (!two_levels) return index_root(self, parent, leaves, false) + leaf_blocks;
  std::vector<Pair> top;
  std::string node_blocks;
  for (size_t n = 0; n < nodes; ++n) {
    const size_t first = n * kNodePairs;
    std::string block(kBlock, '\0');
    put(block, 4, static_cast<uint16_t>(kBlock));
    put_pairs(block, kNodeHeader, kNodePairs, &leaves[first],
              std::min(kNodePairs, leaves.size() - first));
    top.push_back({leaves[first].hash, static_cast<uint32_t>(1 + n)});
    node_blocks += block;
  }
  return index_root(self, parent, top, true) + node_blocks + leaf_blocks;
}

}  // namespace

Result<DirectoryBlocks> build_directory(uint32_t self, uint32_t parent,
                                        const std::vector<DirectoryEntry>& entries,
                                        const HashSeed& seed) {
  size_t bytes = 2 * kDotBytes;
  for (const DirectoryEntry& entry : entries) bytes += entry_bytes(entry.name);
  if (bytes > kPlainBlocks * kBlock) {
    Result<std::string> blocks = indexed(self, parent, entries, seed);
    if (!blocks) return tl::unexpected(std::move(blocks.error()));
    return DirectoryBlocks{std::move(*blocks), true};
  }
  std::vector<DirectoryEntry> all;
  all.reserve(entries.size() + 2);
  all.push_back({self, EXT2_FT_DIR, "."});
  all.push_back({parent, EXT2_FT_DIR, ".."});
  all.insert(all.end(), entries.begin(), entries.end());
  return DirectoryBlocks{plain_list(all), false};
}

}  // namespace bulkhead::storage
