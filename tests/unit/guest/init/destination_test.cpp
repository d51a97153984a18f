#include "guest/init/destination.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace bulkhead::guest {
namespace {

namespace fs = std::filesystem;

class DestinationTest : public testing::Test {
 protected:
  DestinationTest() {
    std::string pattern = testing::TempDir() + "/destination-XXXXXX";
    base = mkdtemp(pattern.data());
    fs::create_directories(base / "root/etc");
    root.reset(open((base / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  ~DestinationTest() override { fs::remove_all(base); }

  fs::path in_root(const char* path) const { return base / "root" / path; }
  // Whether what is found for the path is what is at `expected` in the root.
  bool leads(const char* path, bool file, const char* expected) const {
    auto place = make_destination(root.get(), path, file);
    struct stat found {
    }, wanted{};
    return place && fstat(place->get(), &found) == 0 &&
           stat(in_root(expected).c_str(), &wanted) == 0 && found.st_ino == wanted.st_ino;
  }

  fs::path base;
  UniqueFd root;
};

TEST_F(DestinationTest, IsMadeWithItsParents) {
  EXPECT_TRUE(leads("/a/b/c", false, "a/b/c"));
  EXPECT_TRUE(leads("/a/b/c", false, "a/b/c")) << "and found";
  EXPECT_TRUE(leads("/a/x/file", true, "a/x/file"));
  EXPECT_TRUE(fs::is_regular_file(in_root("a/x/file")));
}

TEST_F(DestinationTest, LinksAreFollowedInsideTheRootOnly) {
  fs::create_directory_symlink("/etc", in_root("inside"));
  fs::create_directory_symlink("../../../../etc", in_root("outside"));
  EXPECT_TRUE(leads("/inside/made", false, "etc/made"));
  EXPECT_TRUE(leads("/outside/other", false, "etc/other"));
}

TEST_F(DestinationTest, WhatALinkNamesIsMade) {
  fs::create_directories(in_root("var"));
  fs::create_directory_symlink("/run/lock", in_root("var/lock"));
  EXPECT_TRUE(leads("/var/lock/mine", false, "run/lock/mine"));
  fs::create_symlink("../../../zone/info", in_root("etc/localtime"));
  EXPECT_TRUE(leads("/etc/localtime", true, "zone/info"));
  EXPECT_FALSE(fs::exists(base / "zone")) << "outside the root";
}

TEST_F(DestinationTest, LinksInACircleAreAnError) {
  fs::create_symlink("b", in_root("a"));
  fs::create_symlink("a", in_root("b"));
  EXPECT_FALSE(make_destination(root.get(), "/a/c", false));
  // Each turn makes the path longer.
  fs::create_symlink("grow/grow", in_root("grow"));
  EXPECT_FALSE(make_destination(root.get(), "/grow", false));
}

TEST_F(DestinationTest, ADirectoryIsNoFile) {
  std::ofstream(in_root("file")) << "x";
  auto directory = make_destination(root.get(), "/file", false);
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().code, Code::kConflict);
  EXPECT_FALSE(make_destination(root.get(), "/etc", true));
  EXPECT_FALSE(make_destination(root.get(), "/file/below", false));
}

}  // namespace
}  // namespace bulkhead::guest
