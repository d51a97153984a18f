#include "guest/init/tree_copy.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "bulkhead/unique_fd.hpp"

namespace bulkhead::guest {
namespace {

namespace fs = std::filesystem;

class TreeCopyTest : public testing::Test {
 protected:
  TreeCopyTest() {
    std::string pattern = testing::TempDir() + "/tree-copy-XXXXXX";
    base = mkdtemp(pattern.data());
    fs::create_directories(from() / "sub/deep");
    fs::create_directories(to());
    chmod(base.c_str(), 0755);
  }
  ~TreeCopyTest() override { fs::remove_all(base); }

  fs::path from() const { return base / "from"; }
  fs::path to() const { return base / "to"; }
  static void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }
  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static struct stat inspect(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return status;
  }
  Status copy() const {
    UniqueFd source(open(from().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return copy_tree(source.get(), to().string());
  }

  fs::path base;
};

TEST_F(TreeCopyTest, ContentModesTimesAndLinks) {
  write(from() / "file", "content");
  write(from() / "sub/deep/file", "deep");
  chmod((from() / "file").c_str(), 04711);
  chmod((from() / "sub").c_str(), 01770);
  chmod(from().c_str(), 0750);
  fs::create_symlink("/no/where", from() / "link");
  mkfifo((from() / "fifo").c_str(), 0600);
  const timespec times[2] = {{1000, 1}, {2000, 5}};
  for (const char* name : {"file", "sub", "link"})
    utimensat(AT_FDCWD, (from() / name).c_str(), times, AT_SYMLINK_NOFOLLOW);
  ASSERT_TRUE(copy());
  EXPECT_EQ(read(to() / "file"), "content");
  EXPECT_EQ(read(to() / "sub/deep/file"), "deep");
  EXPECT_EQ(inspect(to() / "file").st_mode, S_IFREG | 04711);
  EXPECT_EQ(inspect(to() / "sub").st_mode, S_IFDIR | 01770);
  EXPECT_EQ(inspect(to()).st_mode, S_IFDIR | 0750);
  EXPECT_EQ(inspect(to()).st_mtim.tv_sec, inspect(from()).st_mtim.tv_sec);
  EXPECT_EQ(fs::read_symlink(to() / "link"), "/no/where");
  EXPECT_EQ(inspect(to() / "fifo").st_mode, S_IFIFO | 0600);
  for (const char* name : {"file", "sub", "link"}) {
    EXPECT_EQ(inspect(to() / name).st_mtim.tv_sec, 2000) << name;
    EXPECT_EQ(inspect(to() / name).st_mtim.tv_nsec, 5) << name;
  }
}

TEST_F(TreeCopyTest, NamesOfOneFileStayNamesOfOneFile) {
  write(from() / "sub/first", "one");
  fs::create_hard_link(from() / "sub/first", from() / "second");
  fs::create_hard_link(from() / "sub/first", from() / "sub/deep/third");
  ASSERT_TRUE(copy());
  EXPECT_EQ(read(to() / "sub/deep/third"), "one");
  EXPECT_EQ(inspect(to() / "second").st_nlink, 3U);
  EXPECT_EQ(inspect(to() / "second").st_ino, inspect(to() / "sub/deep/third").st_ino);
}

TEST_F(TreeCopyTest, HolesStayHoles) {
  {
    UniqueFd file(open((from() / "sparse").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(pwrite(file.get(), "middle", 6, 8 << 20), 6);
    ASSERT_EQ(ftruncate(file.get(), 16 << 20), 0);
  }
  write(from() / "empty", "");
  ASSERT_TRUE(copy());
  EXPECT_EQ(inspect(to() / "sparse").st_size, 16 << 20);
  EXPECT_LT(inspect(to() / "sparse").st_blocks, 2048);
  EXPECT_EQ(read(to() / "sparse").substr(8 << 20, 6), "middle");
  EXPECT_EQ(inspect(to() / "empty").st_size, 0);
}

TEST_F(TreeCopyTest, AttributesLargeOnesToo) {
  write(from() / "file", "");
  const std::string value(3000, 'v');
  if (setxattr((from() / "file").c_str(), "user.large", value.data(), value.size(), 0) != 0)
    GTEST_SKIP() << "no extended attributes here";
  ASSERT_TRUE(copy());
  std::string got(4000, '\0');
  EXPECT_EQ(getxattr((to() / "file").c_str(), "user.large", got.data(), got.size()), 3000);
}

// A change of the owner, which comes with every copy, makes the kernel drop them.
TEST_F(TreeCopyTest, CapabilitiesOfAFileOutliveItsOwnersChange) {
  if (geteuid() != 0) GTEST_SKIP() << "only root sets capabilities";
  write(from() / "file", "");
  ASSERT_EQ(chown((from() / "file").c_str(), 12, 34), 0);
  // Version 2, permitted: CAP_NET_BIND_SERVICE.
  const std::string value("\x00\x00\x00\x02\x00\x04\x00\x00\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  if (setxattr((from() / "file").c_str(), "security.capability", value.data(), value.size(), 0) !=
      0)
    GTEST_SKIP() << "no capabilities of files here";
  ASSERT_TRUE(copy());
  EXPECT_EQ(inspect(to() / "file").st_uid, 12U);
  EXPECT_EQ(inspect(to() / "file").st_gid, 34U);
  char got[64];
  EXPECT_EQ(getxattr((to() / "file").c_str(), "security.capability", got, sizeof got), 20);
}

TEST_F(TreeCopyTest, WhoeverOwnsTheFolderOwnsWhatComesIntoIt) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  write(from() / "file", "root's");
  chmod((from() / "file").c_str(), 0644);
  mknod((from() / "null").c_str(), S_IFCHR | 0666, makedev(1, 3));
  ASSERT_EQ(chown(to().c_str(), 65534, 65534), 0);
  pid_t child = fork();
  if (child == 0) {
    bool good = setgid(65534) == 0 && setuid(65534) == 0 && copy();
    _exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read(to() / "file"), "root's");
  EXPECT_EQ(inspect(to() / "file").st_uid, 65534U);
  EXPECT_FALSE(fs::exists(to() / "null"));
}

TEST_F(TreeCopyTest, ACopyThatWasInterruptedBeginsAgain) {
  write(from() / "file", "whole");
  fs::create_directories(to() / "lost+found");
  EXPECT_TRUE(is_empty_directory(to()));
  // What a kill in the middle leaves.
  write(to() / ".bulkhead-copy-unfinished", "");
  write(to() / "file", "ha");
  fs::create_directories(to() / "other/deep");
  EXPECT_TRUE(is_empty_directory(to()));
  ASSERT_TRUE(copy());
  EXPECT_EQ(read(to() / "file"), "whole");
  EXPECT_FALSE(fs::exists(to() / "other"));
  EXPECT_FALSE(fs::exists(to() / ".bulkhead-copy-unfinished"));
  EXPECT_TRUE(fs::exists(to() / "lost+found"));
  EXPECT_FALSE(is_empty_directory(to()));
}

}  // namespace
}  // namespace bulkhead::guest
