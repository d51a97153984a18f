#include "volume_disk.hpp"

#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

class VolumeDiskTest : public testing::Test {
 protected:
  Status make(const VolumeDisk& wanted) {
    return make_volume_disk(box.store().layout, wanted, disk);
  }
  std::string superblock() const { return Sandbox::debugfs(disk, "show_super_stats -h"); }

  Sandbox box;
  Path disk = box.root() / "volume.ext4";
};

TEST_F(VolumeDiskTest, IsEmptyAndAlmostFree) {
  ASSERT_TRUE(make({}));
  EXPECT_EQ(Sandbox::check_disk(disk), "");
  EXPECT_EQ(size_of_file(disk), kDefaultVolumeBytes);
  EXPECT_LT(allocated_bytes(disk), 2 * kMiB);
  const std::string root = Sandbox::debugfs(disk, "ls -p /");
  EXPECT_NE(root.find("/040755/0/0/./"), std::string::npos) << root;
  EXPECT_EQ(root.find("lost+found"), std::string::npos) << root;
  EXPECT_NE(Sandbox::debugfs(disk, "stat /").find("Links: 2 "), std::string::npos);
}

TEST_F(VolumeDiskTest, HasAnOrderedJournalUnlessThereIsNoRoom) {
  ASSERT_TRUE(make({.bytes = 16 * kMiB}));
  EXPECT_NE(superblock().find("has_journal"), std::string::npos);
  EXPECT_NE(superblock().find("journal_data_ordered"), std::string::npos) << superblock();
  ASSERT_TRUE(make({.bytes = kLeastVolumeBytes}));
  EXPECT_EQ(superblock().find("has_journal"), std::string::npos);
  EXPECT_EQ(Sandbox::check_disk(disk), "");
}

TEST_F(VolumeDiskTest, HasTheJournalThatWasAskedFor) {
  ASSERT_TRUE(make({.bytes = 256 * kMiB, .mode = JournalMode::kWriteback}));
  EXPECT_NE(superblock().find("journal_data_writeback"), std::string::npos);
  ASSERT_TRUE(
      make({.bytes = 256 * kMiB, .mode = JournalMode::kJournal, .journal_bytes = 8 * kMiB - 5}));
  EXPECT_EQ(superblock().find("journal_data_ordered"), std::string::npos);
  EXPECT_NE(superblock().find("journal_data"), std::string::npos);
  EXPECT_NE(Sandbox::debugfs(disk, "stat <8>").find("Size: 8388608"), std::string::npos);
}

TEST_F(VolumeDiskTest, RefusesWhatCantBe) {
  for (const VolumeDisk& wanted :
       {VolumeDisk{.bytes = 0}, VolumeDisk{.bytes = kLeastVolumeBytes - 1},
        VolumeDisk{.bytes = kMostVolumeBytes + 1},
        VolumeDisk{.bytes = 8 * kMiB, .mode = JournalMode::kOrdered},
        VolumeDisk{.bytes = 64 * kMiB, .journal_bytes = kMiB},
        VolumeDisk{.bytes = 64 * kMiB, .journal_bytes = 17 * kMiB}}) {
    const Status made = make(wanted);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::kInvalid);
  }
  EXPECT_EQ(box.leftovers(), std::vector<std::string>{});
}

TEST_F(VolumeDiskTest, OnlyTheOrdinaryOneHasATemplate) {
  ASSERT_TRUE(make({.bytes = 32 * kMiB}));
  EXPECT_EQ(box.leftovers(), std::vector<std::string>{"volume.ext4"});
  ASSERT_TRUE(make({}));
  EXPECT_EQ(box.leftovers(), (std::vector<std::string>{"templates/volume.ext4", "volume.ext4"}));
}

}  // namespace
}  // namespace bulkhead::storage
