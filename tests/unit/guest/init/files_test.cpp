#include "guest/init/files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bulkhead::guest {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  FilesTest() {
    std::string pattern = testing::TempDir() + "/files-test-XXXXXX";
    directory = mkdtemp(pattern.data());
  }
  ~FilesTest() override { fs::remove_all(directory); }
  std::string at(const char* name) const { return (directory / name).string(); }

  fs::path directory;
};

TEST_F(FilesTest, DirectoriesAreMadeAlongThePath) {
  EXPECT_TRUE(make_directories(at("a/b/c")));
  EXPECT_TRUE(fs::is_directory(directory / "a/b/c"));
  EXPECT_TRUE(make_directories(at("a/b/c")));
  EXPECT_TRUE(make_directories("/"));
}

TEST_F(FilesTest, DirectoryBelowAFileOrABrokenLinkIsRefused) {
  std::ofstream(at("file")) << "x";
  EXPECT_FALSE(make_directories(at("file/a")));
  fs::create_symlink("nowhere", directory / "link");
  EXPECT_FALSE(make_directories(at("link")));
}

TEST_F(FilesTest, PlainFilesAreReadWhole) {
  std::ofstream(at("file")) << std::string(10'000, 'x');
  EXPECT_EQ(read_plain_file(at("file").c_str(), 10'000).value().size(), 10'000u);
  EXPECT_FALSE(read_plain_file(at("file").c_str(), 9'999));
  EXPECT_EQ(read_plain_file(at("missing").c_str(), 10).value(), "");
}

// A fifo in the place of /etc/passwd must not hold anybody up; a directory isn't text.
TEST_F(FilesTest, WhatIsNotAPlainFileReadsAsEmpty) {
  mkfifo(at("fifo").c_str(), 0666);
  EXPECT_EQ(read_plain_file(at("fifo").c_str(), 10).value(), "");
  EXPECT_EQ(read_plain_file(directory.c_str(), 10).value(), "");
}

TEST_F(FilesTest, ResolutionStaysBelow) {
  fs::create_directories(directory / "root/etc");
  fs::create_symlink("/etc", directory / "root/absolute");
  fs::create_symlink("../../..", directory / "root/up");
  UniqueFd root(open(at("root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat inside {
  }, found{};
  stat(at("root/etc").c_str(), &inside);
  UniqueFd etc = open_below(root.get(), "absolute", O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
  ASSERT_TRUE(etc);
  fstat(etc.get(), &found);
  EXPECT_EQ(found.st_ino, inside.st_ino) << "an absolute link stays in the tree";
  EXPECT_FALSE(open_below(root.get(), "up", O_PATH, RESOLVE_BENEATH));
  EXPECT_FALSE(open_below(root.get(), "absolute", O_PATH, RESOLVE_NO_SYMLINKS));
}

}  // namespace
}  // namespace bulkhead::guest
