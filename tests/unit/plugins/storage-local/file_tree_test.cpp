#include "file_tree.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "archives.hpp"
#include "layer.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

// Layers applied one after the other, looked at as a list of paths.
class Layers : public testing::Test {
 protected:
  Layers()
      : area(*DataArea::create(dir.path() / "disk", {})),
        tree(Limits{}),
        applier(tree, area, Limits{}, task) {}

  Status apply(const std::string& tar) {
    MemorySource source(bytes_of(tar));
    return applier.apply_archive(source);
  }
  void applied(const std::string& tar) {
    const Status status = apply(tar);
    ASSERT_TRUE(status) << status.error().message;
  }
  std::string refusal(const std::string& tar) {
    const Status status = apply(tar);
    if (status) return "accepted";
    EXPECT_EQ(status.error().code, Code::kCorrupt);
    return status.error().message;
  }

  std::string paths() const { return paths_below(tree.node(FileTree::kRoot), ""); }
  std::string paths_below(const Node& directory, const std::string& prefix) const {
    std::string all;
    for (const auto& [name, child] : *directory.children) {
      const Node& node = tree.node(child.node);
      all += prefix + name + (node.is_directory() ? "/ " : " ");
      if (node.is_directory()) all += paths_below(node, prefix + name + "/");
    }
    return all;
  }

  TempDir dir;
  Task task;
  DataArea area;
  FileTree tree;
  LayerApplier applier;
};

TEST_F(Layers, MakeMissingParents) {
  applied(Tar().file("a/b/c").bytes());
  EXPECT_EQ(paths(), "a/ a/b/ a/b/c ");
  EXPECT_EQ(tree.find("a/b")->mode, S_IFDIR | 0755);
}

TEST_F(Layers, ReplaceFilesAndKeepFoldersChildren) {
  applied(Tar().directory("d").file("d/old", "1").file("f", "1").bytes());
  applied(Tar().directory("d", {.mode = 0700, .uid = 7}).file("f", "22").bytes());
  EXPECT_EQ(paths(), "d/ d/old f ");
  EXPECT_EQ(tree.find("d")->mode, S_IFDIR | 0700);
  EXPECT_EQ(tree.find("d")->uid, 7u);
  EXPECT_EQ(tree.find("f")->size, 2u);
}

TEST_F(Layers, ReplaceFoldersByFilesAndTheReverse) {
  applied(Tar().file("a/x").file("a/y/z").file("b").bytes());
  applied(Tar().file("a").directory("b").file("b/c").bytes());
  EXPECT_EQ(paths(), "a b/ b/c ");
  EXPECT_EQ(tree.node_count(), 4u);
}

TEST_F(Layers, DescribeTheRootItself) {
  applied(Tar().directory("./", {.mode = 0711, .gid = 5}).file("./a").bytes());
  EXPECT_EQ(tree.node(FileTree::kRoot).mode, S_IFDIR | 0711);
  EXPECT_EQ(tree.node(FileTree::kRoot).gid, 5u);
  EXPECT_EQ(refusal(Tar().file("./").bytes()),
            "accepted");  // a name with a slash at its end is a folder's
  EXPECT_EQ(refusal(Tar().symlink(".", "a").bytes()),
            "member '.': it would replace the root folder");
}

TEST_F(Layers, HideWhatIsBelowThem) {
  applied(Tar().file("a").file("b/c").file("b/d/e").bytes());
  applied(Tar().file(".wh.a").file("b/.wh.d").file("nowhere/.wh.x").file(".wh.missing").bytes());
  EXPECT_EQ(paths(), "b/ b/c ");
}

TEST_F(Layers, DontHideWhatTheyBringThemselves) {
  applied(Tar().file("a", "old").file("d/old").file("e/old").bytes());
  applied(Tar()
              .file("a", "new!")
              .file(".wh.a")
              .file("d/new")
              .file(".wh.d")
              .file(".wh.e")
              .file("e/new")
              .bytes());
  EXPECT_EQ(paths(), "a d/ d/new e/ e/new ");
  EXPECT_EQ(tree.find("a")->size, 4u);
}

TEST_F(Layers, MakeFoldersOpaqueInEitherOrder) {
  applied(Tar().file("d/old").file("d/sub/old").file("e/old").file("e/sub/old").bytes());
  applied(Tar()
              .directory("d")
              .file("d/new")
              .file("d/sub/new")
              .file("d/.wh..wh..opq")
              .directory("e")
              .file("e/.wh..wh..opq")
              .file("e/new")
              .file("e/sub/new")
              .bytes());
  EXPECT_EQ(paths(), "d/ d/new d/sub/ d/sub/new e/ e/new e/sub/ e/sub/new ");
  applied(Tar().file("d/.wh..wh..opq").file("d/.wh..wh..opq").bytes());
  EXPECT_EQ(paths(), "d/ e/ e/new e/sub/ e/sub/new ");
}

TEST_F(Layers, IgnoreTheBookkeepingOfAufs) {
  applied(Tar().file(".wh..wh.aufs").directory(".wh..wh.plnk").file(".wh..wh.plnk/1.2").bytes());
  EXPECT_EQ(paths(), "");
}

TEST_F(Layers, FollowLinksOfLowerLayersInsideTheRoot) {
  applied(Tar()
              .directory("usr/lib")
              .symlink("lib", "usr/lib")
              .symlink("abs", "/usr/lib")
              .symlink("up", "usr/../usr/lib")
              .bytes());
  applied(Tar().file("lib/a").file("abs/b").file("up/c").bytes());
  EXPECT_EQ(paths(), "abs lib up usr/ usr/lib/ usr/lib/a usr/lib/b usr/lib/c ");
}

TEST_F(Layers, ReplaceALinkThatIsTheMemberItself) {
  applied(Tar().directory("usr/lib").symlink("lib", "usr/lib").bytes());
  applied(Tar().directory("lib").file("lib/a").bytes());
  EXPECT_EQ(paths(), "lib/ lib/a usr/ usr/lib/ ");
}

TEST_F(Layers, MakeTheFoldersThatADanglingLinkNames) {
  applied(Tar().symlink("link", "made/here").file("link/f").bytes());
  EXPECT_EQ(paths(), "link made/ made/here/ made/here/f ");
}

TEST_F(Layers, ClampPathsAtTheRootAsTheKernelWould) {
  applied(Tar().directory("a/b").symlink("a/b/top", "../..").bytes());
  applied(Tar().symlink("x", "a/b/top").file("x/f").bytes());
  EXPECT_EQ(paths(), "a/ a/b/ a/b/top f x ");
}

TEST_F(Layers, RefuseLoopsOfLinks) {
  applied(Tar().symlink("a", "b").symlink("b", "a").bytes());
  EXPECT_EQ(refusal(Tar().file("a/x").bytes()),
            "member 'a/x': its path has too many symbolic links");
}

TEST_F(Layers, RefuseToGoThroughFiles) {
  applied(Tar().file("f").bytes());
  EXPECT_EQ(refusal(Tar().file("f/x").bytes()), "member 'f/x': its parent 'f' is not a folder");
}

TEST_F(Layers, ShareTheInodeOfHardLinks) {
  applied(Tar().file("a", "content").hard_link("b", "a").bytes());
  applied(Tar().hard_link("c", "b").file("a", "other").bytes());
  EXPECT_EQ(paths(), "a b c ");
  EXPECT_EQ(tree.find("b"), tree.find("c"));
  EXPECT_EQ(tree.find("b")->links, 2u);
  EXPECT_EQ(tree.find("a")->links, 1u);
  EXPECT_EQ(tree.find("b")->size, 7u);
}

TEST_F(Layers, KeepTheTargetOfALinkThatReplacesItsFolder) {
  applied(Tar().file("d/f", "content").bytes());
  applied(Tar().hard_link("d", "d/f").bytes());
  EXPECT_EQ(paths(), "d ");
  EXPECT_EQ(tree.find("d")->links, 1u);
  EXPECT_EQ(tree.find("d")->size, 7u);
}

TEST_F(Layers, LinkAFileToItself) {
  applied(Tar().file("a", "content").hard_link("a", "a").bytes());
  EXPECT_EQ(tree.find("a")->links, 1u);
  EXPECT_EQ(tree.find("a")->size, 7u);
}

TEST_F(Layers, RefuseHostileNames) {
  EXPECT_EQ(refusal(Tar().file("/etc/shadow").bytes()),
            "member '/etc/shadow': its name is absolute");
  EXPECT_EQ(refusal(Tar().file("../x").bytes()), "member '../x': its name contains '..'");
  EXPECT_EQ(refusal(Tar().file("a/../../x").bytes()), "member 'a/../../x': its name contains '..'");
  EXPECT_EQ(refusal(Tar().file("../.wh.x").bytes()), "member '../.wh.x': its name contains '..'");
  EXPECT_EQ(refusal(Tar().file(".wh...").bytes()),
            "member '.wh...': it hides '..', which no file can be called");
  EXPECT_EQ(refusal(Tar().file("a/.wh.").bytes()),
            "member 'a/.wh.': it hides '', which no file can be called");
  EXPECT_EQ(paths(), "");
}

TEST_F(Layers, RefuseLinksOutOfTheTree) {
  EXPECT_EQ(refusal(Tar().symlink("evil", "../../etc").bytes()),
            "member 'evil': it links out of the tree, to '../../etc'");
  EXPECT_EQ(refusal(Tar().hard_link("evil", "../etc/passwd").bytes()),
            "member 'evil': it is a hard link to '../etc/passwd': its name contains '..'");
  EXPECT_EQ(refusal(Tar().hard_link("evil", "/etc/passwd").bytes()),
            "member 'evil': it is a hard link to '/etc/passwd': its name is absolute");
  EXPECT_EQ(refusal(Tar().hard_link("evil", "missing").bytes()),
            "member 'evil': it links to 'missing', which isn't in the image");
  EXPECT_EQ(refusal(Tar().directory("d").hard_link("evil", "d").bytes()),
            "member 'evil': it is a hard link to the folder 'd'");
}

TEST_F(Layers, KeepDevicesAndRefuseImpossibleOnes) {
  applied(
      Tar().device("dev/null", 'c', 1, 3).device("dev/sda", 'b', 8, 0).fifo("run/pipe").bytes());
  EXPECT_EQ(tree.find("dev/null")->mode & S_IFMT, S_IFCHR);
  EXPECT_EQ(tree.find("dev/null")->device_minor, 3u);
  EXPECT_EQ(tree.find("run/pipe")->mode & S_IFMT, S_IFIFO);
  EXPECT_EQ(refusal(Tar().device("dev/odd", 'c', 99999, 1).bytes()),
            "member 'dev/odd': its device number 99999:1 doesn't exist");
}

TEST_F(Layers, RefuseOwnersThatArentNumbersOfUsers) {
  EXPECT_EQ(refusal(Tar().file("f", "", {.uid = int64_t{1} << 32}).bytes()),
            "member 'f': its owner 4294967296 isn't a user or group number");
}

TEST_F(Layers, LeaveHostileMembersOutOnRequest) {
  applier.skip_refused();
  applied(Tar().file("../x").file("good").symlink("evil", "../..").bytes());
  EXPECT_EQ(paths(), "good ");
  ASSERT_EQ(applier.skipped().size(), 2u);
  EXPECT_EQ(applier.skipped()[0], "member '../x': its name contains '..'");
}

TEST_F(Layers, ReleaseTheContentOfWhatTheyReplace) {
  applied(
      Tar().file("a", std::string(5 * kMiB, 'x')).file("d/b", std::string(5 * kMiB, 'y')).bytes());
  ASSERT_TRUE(area.flush());
  ::fsync(area.fd());
  EXPECT_GT(allocated_bytes(area.path()), 9 * kMiB);
  applied(Tar().file("a", "small").file(".wh.d").bytes());
  EXPECT_LT(allocated_bytes(area.path()), 2 * kMiB);
}

TEST(LayersWithLimits, StopAtTooManyFilesBytesAndNames) {
  const TempDir dir;
  const Task task;
  Limits inodes, bytes, names;
  inodes.image_inodes = 10;
  bytes.image_bytes = kMiB;
  names.metadata_bytes = 10 * kKiB;
  std::string tar;
  {
    Tar many;
    for (int i = 0; i < 100; ++i) many.file("f" + std::to_string(i), std::string(20000, 'x'));
    tar = many.bytes();
  }
  for (const Limits& limits : {inodes, bytes, names}) {
    DataArea area = *DataArea::create(dir.path() / "disk", {});
    FileTree tree(limits);
    LayerApplier applier(tree, area, limits, task);
    MemorySource source(bytes_of(tar));
    const Status status = applier.apply_archive(source);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::kNoSpace) << status.error().message;
  }
}

// A layer whose every member hides the same large folder must not cost the square of its size.
TEST_F(Layers, HideALargeFolderManyTimesInLinearTime) {
  Tar tar;
  for (int i = 0; i < 20000; ++i) tar.file("d/" + std::to_string(i));
  for (int i = 0; i < 20000; ++i) tar.file("d/.wh..wh..opq");
  applied(tar.bytes());
  EXPECT_EQ(tree.node_count(), 20002u);
}

TEST_F(Layers, RefuseFoldersNestedWithoutEnd) {
  std::string deep = "d";
  for (int i = 0; i < 600; ++i) deep += "/d";
  applied(Tar().directory(deep).symlink("l", deep).bytes());
  EXPECT_EQ(refusal(Tar().directory("l/" + deep).bytes()).substr(0, 8), "member '");
}

}  // namespace
}  // namespace bulkhead::storage
