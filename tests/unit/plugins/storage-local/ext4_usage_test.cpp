#include "ext4_usage.hpp"

#include <gtest/gtest.h>

#include "sandbox.hpp"
#include "volume_disk.hpp"

namespace bulkhead::storage {
namespace {

// The fields that count, of a file system of 1000 blocks of 4 KiB.
std::vector<std::byte> superblock(uint32_t blocks = 1000, uint32_t free = 900,
                                  uint32_t overhead = 60, uint32_t log_block_size = 2) {
  std::vector<std::byte> bytes(1024);
  const auto put = [&](size_t offset, uint32_t value) {
    for (size_t i = 0; i < 4; ++i) bytes[offset + i] = std::byte(value >> (8 * i));
  };
  put(0x04, blocks);
  put(0x0c, free);
  put(0x18, log_block_size);
  put(0x38, 0xef53);
  put(0x248, overhead);
  return bytes;
}

TEST(Ext4Usage, CountsWhatIsNeitherFreeNorOverhead) {
  EXPECT_EQ(used_bytes(superblock()), 40u * 4096);
  std::vector<std::byte> large = superblock();
  large[0x150] = std::byte{1};  // means nothing without the feature
  EXPECT_EQ(used_bytes(large), 40u * 4096);
  large[0x60] = std::byte{0x80};
  EXPECT_EQ(used_bytes(large), ((uint64_t{1} << 32) + 40) * 4096);
}

TEST(Ext4Usage, BelievesNoContradiction) {
  EXPECT_EQ(used_bytes({}), std::nullopt);
  EXPECT_EQ(used_bytes(Bytes(superblock()).first(1023)), std::nullopt);
  EXPECT_EQ(used_bytes(std::vector<std::byte>(1024)), std::nullopt);
  EXPECT_EQ(used_bytes(superblock(1000, 1001)), std::nullopt);
  EXPECT_EQ(used_bytes(superblock(1000, 900, 101)), std::nullopt);
  EXPECT_EQ(used_bytes(superblock(1000, 900, 60, 7)), std::nullopt);
}

TEST(Ext4Usage, SaysNothingOfADiskThatIsInUse) {
  std::vector<std::byte> mounted = superblock();
  mounted[0x60] = std::byte{0x4};
  EXPECT_EQ(used_bytes(mounted), std::nullopt);
}

TEST(Ext4Usage, ANewVolumeHoldsItsRootOnly) {
  Sandbox box;
  const Path disk = box.root() / "volume.ext4";
  for (const uint64_t bytes : {kLeastVolumeBytes, 64 * kMiB, kDefaultVolumeBytes}) {
    ASSERT_TRUE(make_volume_disk(box.store().layout, {.bytes = bytes}, disk));
    EXPECT_EQ(used_bytes_of_disk(disk), 4096u) << bytes;
  }
  EXPECT_EQ(used_bytes_of_disk(box.root() / "nothing"), std::nullopt);
}

}  // namespace
}  // namespace bulkhead::storage
