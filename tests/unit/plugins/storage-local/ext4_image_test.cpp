#include "ext4_image.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "archives.hpp"
#include "image_disk.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

class Ext4Image : public testing::Test {
 protected:
  // The disk of these layers; checked by e2fsck.
  Path build(const std::vector<std::string>& layers) {
    std::vector<LayerSource> sources;
    for (size_t i = 0; i < layers.size(); ++i) {
      const Path path = dir.path() / ("layer" + std::to_string(i));
      EXPECT_TRUE(replace_file(path, layers[i]));
      sources.push_back({"layer", open_file(path), {}});
    }
    const Path disk = dir.path() / ("disk" + std::to_string(++count));
    auto built = ImageDisk::build(disk.string() + ".tmp", sources,
                                  {Digest::of(bytes_of("identity")), false}, {}, task);
    EXPECT_TRUE(built) << built.error().message;
    EXPECT_TRUE(built && built->commit(disk));
    EXPECT_EQ(Sandbox::check_disk(disk), "");
    return disk;
  }
  std::string refusal(const std::string& layer) {
    EXPECT_TRUE(replace_file(dir.path() / "layer", layer));
    const auto built =
        ImageDisk::build(dir.path() / "disk.tmp", {{"layer", open_file(dir.path() / "layer"), {}}},
                         {Digest::of(bytes_of("identity")), false}, {}, task);
    return built ? "accepted" : built.error().message;
  }

  TempDir dir;
  Task task;
  int count = 0;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Ext4Image, HoldsContentsOwnersModesAndTimes) {
  const Path disk = build({Tar()
                               .file("etc/motd", "hello\n",
                                     {.mode = 04711,
                                      .uid = 70000,
                                      .gid = 80000,
                                      .mtime = 1'600'000'000,
                                      .nanoseconds = 5})
                               .symlink("short", "etc/motd")
                               .symlink("long", std::string(200, 'x'))
                               .hard_link("again", "etc/motd")
                               .device("null", 'c', 1, 3)
                               .device("big", 'b', 300, 70000)
                               .fifo("pipe")
                               .bytes()});
  EXPECT_EQ(Sandbox::debugfs(disk, "cat /etc/motd"), "hello\n");
  EXPECT_EQ(Sandbox::debugfs(disk, "cat /again"), "hello\n");
  const std::string motd = Sandbox::debugfs(disk, "stat /etc/motd");
  EXPECT_TRUE(contains(motd, "Mode:  04711")) << motd;
  EXPECT_TRUE(contains(motd, "User: 70000   Group: 80000")) << motd;
  EXPECT_TRUE(contains(motd, "Links: 2")) << motd;
  EXPECT_TRUE(contains(motd, "mtime: 0x5f5e1000:00000014")) << motd;
  EXPECT_TRUE(contains(Sandbox::debugfs(disk, "stat /short"), "Fast link dest: \"etc/motd\""));
  EXPECT_EQ(Sandbox::debugfs(disk, "cat /long"), std::string(200, 'x'));
  EXPECT_TRUE(contains(Sandbox::debugfs(disk, "stat /null"), "Device major/minor number: 01:03"));
  EXPECT_TRUE(
      contains(Sandbox::debugfs(disk, "stat /big"), "Device major/minor number: 300:70000"));
  EXPECT_TRUE(contains(Sandbox::debugfs(disk, "stat /pipe"), "Type: FIFO"));
}

TEST_F(Ext4Image, HoldsTimesBeyond2038AndBefore1970) {
  const auto at = [](int64_t time) { return TarMeta{.mtime = time}; };
  const Path disk =
      build({Tar().file("future", "", at(5'000'000'000)).file("past", "", at(-86400)).bytes()});
  EXPECT_TRUE(contains(Sandbox::debugfs(disk, "stat /future"), "mtime: 0x2a05f200:00000001"));
  EXPECT_TRUE(contains(Sandbox::debugfs(disk, "stat /past"), "mtime: 0xfffeae80:00000000"));
}

TEST_F(Ext4Image, HoldsAttributesInTheInodeAndBeyond) {
  const std::string large(3000, 'v');
  const Path disk = build(
      {Tar()
           .file("small", "", {.attributes = {{"user.a", "1"}}})
           .file("large", "", {.attributes = {{"user.a", "1"}, {"user.big", large}}})
           .file("cap", "",
                 {.attributes = {{"security.capability",
                                  std::string("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20)}}})
           .file("acl", "", {.acl = "user::rw-,user:1000:r--:1000,group::r--,mask::rw-,other::---"})
           .bytes()});
  EXPECT_TRUE(contains(Sandbox::debugfs(disk, "ea_get -V /small user.a"), "1"));
  EXPECT_TRUE(contains(Sandbox::debugfs(disk, "ea_get -V /large user.big"), large));
  EXPECT_TRUE(contains(Sandbox::debugfs(disk, "ea_list /cap"), "security.capability (20)"));
  EXPECT_TRUE(contains(Sandbox::debugfs(disk, "ea_list /acl"), "system.posix_acl_access (28)"));
}

TEST_F(Ext4Image, RefusesAttributesThatDontFit) {
  EXPECT_EQ(
      refusal(Tar().file("a/b", "", {.attributes = {{"user.x", std::string(5000, 'v')}}}).bytes()),
      "the attributes of 'a/b' take more than the 4 KiB that ext4 has for them");
}

TEST_F(Ext4Image, HoldsLargeAndSparseFiles) {
  std::string content(700 * kKiB, '\0');
  for (size_t i = 0; i < content.size(); i += 3) content[i] = static_cast<char>('a' + i % 23);
  const Path disk = build({Tar()
                               .file("large", content)
                               .sparse("sparse", 40 * kMiB, 30 * kMiB, "in the middle")
                               .bytes()});
  EXPECT_TRUE(Sandbox::debugfs(disk, "cat /large") == content);
  const std::string sparse = Sandbox::debugfs(disk, "cat /sparse");
  ASSERT_EQ(sparse.size(), 40 * kMiB);
  EXPECT_EQ(sparse.substr(30 * kMiB, 13), "in the middle");
  EXPECT_LT(allocated_bytes(disk), 2 * kMiB);
  EXPECT_LT(size_of_file(disk), 4 * kMiB);
}

// More extents than an inode holds: libext2fs builds the tree.
TEST_F(Ext4Image, HoldsFilesOfManyPieces) {
  DataArea area = *DataArea::create(dir.path() / "disk", {});
  Node node;
  node.mode = S_IFREG | 0644;
  node.size = 700 * 2 * kMiB;
  area.begin();
  for (uint64_t i = 0; i < 700; ++i)
    ASSERT_TRUE(area.write(i * 2 * kMiB, bytes_of(std::to_string(10000 + i))));
  node.extents = *area.end(node.size);
  ASSERT_EQ(node.extents.size(), 700u);
  FileTree tree{Limits{}};
  ASSERT_TRUE(tree.put({FileTree::kRoot, "holes"}, std::move(node)));
  ASSERT_TRUE(write_ext4_image(tree, area, Digest::of(bytes_of("x"))));
  EXPECT_EQ(Sandbox::check_disk(area.path()), "");
  EXPECT_TRUE(contains(Sandbox::debugfs(area.path(), "stat /holes"), "Size: 1468006400"));
  const std::string blocks = Sandbox::debugfs(area.path(), "blocks /holes");
  EXPECT_GT(std::count(blocks.begin(), blocks.end(), ' '), 700);  // those of the tree itself too
}

TEST_F(Ext4Image, FindsNamesInFoldersOfAllSizes) {
  for (const int names : {0, 1, 100, 3000, 70000}) {
    Tar tar;
    tar.directory("d");
    for (int i = 0; i < names; ++i)
      tar.file("d/a name that takes room, number " + std::to_string(i),
               i == names - 1 ? "last" : "");
    const Path disk = build({pack(tar.bytes(), Packing::kGzip)});
    if (names > 0) {
      EXPECT_EQ(Sandbox::debugfs(disk, "cat \"/d/a name that takes room, number " +
                                           std::to_string(names - 1) + "\""),
                "last");
    }
    EXPECT_EQ(contains(Sandbox::debugfs(disk, "stat /d"), "Flags: 0x81000"), names >= 3000)
        << names;
  }
}

// More inodes than one group of the few blocks they take would have.
TEST_F(Ext4Image, HoldsManyEmptyFiles) {
  Tar tar;
  for (int i = 0; i < 40000; ++i)
    tar.file(std::to_string(i % 7) + "/" + std::to_string(i), i == 39999 ? "last" : "");
  const Path disk = build({pack(tar.bytes(), Packing::kGzip)});
  EXPECT_EQ(Sandbox::debugfs(disk, "cat /1/39999"), "last");
}

TEST_F(Ext4Image, HasThousandsOfSubfolders) {
  Tar tar;
  for (int i = 0; i < 66000; ++i) tar.directory("d/" + std::to_string(i));
  const Path disk = build({pack(tar.bytes(), Packing::kGzip)});
  EXPECT_TRUE(contains(Sandbox::debugfs(disk, "stat /d"), "Links: 1 "));
}

TEST_F(Ext4Image, IsMadeOfTheMergedLayers) {
  const Path disk = build(
      {Tar().file("a", "old").file("gone", "x").file("d/x", "x").bytes(),
       Tar().file("a", "new").file(".wh.gone").file("d/.wh..wh..opq").file("d/y", "y").bytes()});
  EXPECT_EQ(Sandbox::debugfs(disk, "cat /a"), "new");
  const std::string root = Sandbox::debugfs(disk, "ls -p /");
  EXPECT_FALSE(contains(root, "gone")) << root;
  EXPECT_FALSE(contains(root, "lost+found")) << root;
  EXPECT_FALSE(contains(Sandbox::debugfs(disk, "ls -p /d"), "/x/"));
}

TEST_F(Ext4Image, IsTheSameForTheSameLayers) {
  const std::string layer =
      Tar().file("a", std::string(100000, 'a')).directory("d").symlink("l", "a").bytes();
  const std::string first = *read_small_file(build({layer}), kGiB);
  EXPECT_TRUE(first == *read_small_file(build({layer}), kGiB));
}

TEST_F(Ext4Image, OfNothingIsAnEmptyRoot) {
  EXPECT_FALSE(contains(Sandbox::debugfs(build({}), "ls -p /"), "lost"));
}

}  // namespace
}  // namespace bulkhead::storage
