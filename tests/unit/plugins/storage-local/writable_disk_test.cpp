#include "writable_disk.hpp"

#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

TEST(WritableDisk, IsReadyForOverlayAndAlmostEmpty) {
  Sandbox box;
  const Path disk = box.root() / "writable.ext4";
  ASSERT_TRUE(make_writable_disk(box.store().layout, kDefaultWritableBytes, disk));
  EXPECT_EQ(Sandbox::check_disk(disk), "");
  EXPECT_EQ(size_of_file(disk), kDefaultWritableBytes);
  EXPECT_LT(allocated_bytes(disk), 2 * kMiB);
  const std::string root = Sandbox::debugfs(disk, "ls -p /");
  EXPECT_NE(root.find("/040755/0/0/upper/"), std::string::npos) << root;
  EXPECT_NE(root.find("/040755/0/0/work/"), std::string::npos) << root;
}

// A group whose inode table isn't marked as zeroed is zeroed by the guest's kernel, and with that
// allocated on the host.
TEST(WritableDisk, LeavesTheGuestNothingToInitialise) {
  Sandbox box;
  const Path disk = box.root() / "writable.ext4";
  ASSERT_TRUE(make_writable_disk(box.store().layout, 2 * kGiB, disk));
  const std::string groups =
      run_command("/usr/sbin/dumpe2fs '" + disk.string() + "' 2>/dev/null | grep '^Group [0-9]'")
          .output;
  ASSERT_FALSE(groups.empty());
  size_t lines = 0, zeroed = 0;
  for (size_t at = 0; (at = groups.find("Group ", at)) != std::string::npos; ++at) ++lines;
  for (size_t at = 0; (at = groups.find("ITABLE_ZEROED", at)) != std::string::npos; ++at) ++zeroed;
  EXPECT_EQ(lines, zeroed);
}

TEST(WritableDisk, HasAnOrderedJournal) {
  Sandbox box;
  const Path disk = box.root() / "writable.ext4";
  ASSERT_TRUE(make_writable_disk(box.store().layout, 64 * kMiB, disk));
  const std::string features = Sandbox::debugfs(disk, "show_super_stats -h");
  EXPECT_NE(features.find("has_journal"), std::string::npos);
  EXPECT_EQ(features.find("journal_data_writeback"), std::string::npos);
}

TEST(WritableDisk, IsFormattedOncePerSize) {
  Sandbox box;
  for (const char* name : {"a", "b"})
    ASSERT_TRUE(make_writable_disk(box.store().layout, 128 * kMiB, box.root() / name));
  ASSERT_TRUE(make_writable_disk(box.store().layout, 256 * kMiB, box.root() / "c"));
  EXPECT_EQ(box.leftovers(), (std::vector<std::string>{"a", "b", "c", "templates/134217728.ext4",
                                                       "templates/268435456.ext4"}));
}

TEST(WritableDisk, HasASensibleSize) {
  Sandbox box;
  for (const uint64_t bytes : {uint64_t{0}, kMiB, uint64_t{1} << 60}) {
    const Status made = make_writable_disk(box.store().layout, bytes, box.root() / "disk");
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::kInvalid);
  }
  EXPECT_EQ(box.leftovers(), std::vector<std::string>{});
}

}  // namespace
}  // namespace bulkhead::storage
