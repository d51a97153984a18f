// On plain directories: what stands in a layer or a tree is the same there as below an overlay.
#include "guest/init/etc_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace bulkhead::guest {
namespace {

namespace fs = std::filesystem;

class EtcFilesTest : public testing::Test {
 protected:
  EtcFilesTest() {
    std::string pattern = testing::TempDir() + "/etc-files-XXXXXX";
    directory = mkdtemp(pattern.data());
    fs::create_directories(image());
    fs::create_directories(upper());
    spec.hosts = "127.0.0.1 localhost\n";
    spec.resolv_conf = "nameserver 10.0.0.1\n";
  }
  ~EtcFilesTest() override { fs::remove_all(directory); }

  fs::path image() const { return directory / "image"; }
  fs::path upper() const { return directory / "upper"; }
  Result<bool> in_layer() { return write_etc_in_layer(spec, image().c_str(), upper().c_str()); }
  static void write(const fs::path& path, const char* text) { std::ofstream(path) << text; }
  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void expect_files(const fs::path& etc) const {
    for (const auto& [name, text] :
         {std::pair("hosts", spec.hosts), std::pair("resolv.conf", spec.resolv_conf)}) {
      EXPECT_EQ(fs::symlink_status(etc / name).type(), fs::file_type::regular) << name;
      EXPECT_EQ(read(etc / name), *text);
    }
  }

  fs::path directory;
  ContainerSpec spec;
};

TEST_F(EtcFilesTest, LayerGetsADirectoryLikeTheImages) {
  fs::create_directory(image() / "etc");
  if (geteuid() == 0) {
    ASSERT_EQ(chown((image() / "etc").c_str(), 7, 8), 0);
  }
  ASSERT_EQ(chmod((image() / "etc").c_str(), 02750), 0);
  EXPECT_EQ(in_layer().value(), true);
  expect_files(upper() / "etc");
  struct stat of_image {
  }, made{};
  ASSERT_EQ(stat((image() / "etc").c_str(), &of_image), 0);
  ASSERT_EQ(stat((upper() / "etc").c_str(), &made), 0);
  EXPECT_EQ(made.st_mode, of_image.st_mode);
  EXPECT_EQ(made.st_uid, of_image.st_uid);
  EXPECT_EQ(made.st_gid, of_image.st_gid);
}

// What a machine leaves that was killed between making the directory and giving it its mode.
TEST_F(EtcFilesTest, DraftOfAKilledStartIsFinished) {
  fs::create_directory(image() / "etc");
  ASSERT_EQ(chmod((image() / "etc").c_str(), 0711), 0);
  const fs::path draft = directory / "upper.etc";
  fs::create_directory(draft);
  EXPECT_EQ(in_layer().value(), true);
  expect_files(upper() / "etc");
  EXPECT_EQ(fs::status(upper() / "etc").permissions(), fs::perms(0711));
  EXPECT_FALSE(fs::exists(draft));
}

TEST_F(EtcFilesTest, ImageWithoutEtcGetsOne) {
  EXPECT_EQ(in_layer().value(), true);
  expect_files(upper() / "etc");
}

TEST_F(EtcFilesTest, WhatAnEarlierRunLeftIsReplacedAndNeverWrittenThrough) {
  fs::create_directory(upper() / "etc");
  write(directory / "elsewhere", "untouched");
  fs::create_symlink(directory / "elsewhere", upper() / "etc/hosts");
  write(upper() / "etc/resolv.conf", "an old and much longer text than the one that comes now");
  write(upper() / "etc/other", "kept");
  EXPECT_EQ(in_layer().value(), true);
  expect_files(upper() / "etc");
  EXPECT_EQ(read(directory / "elsewhere"), "untouched");
  EXPECT_EQ(read(upper() / "etc/other"), "kept");
}

TEST_F(EtcFilesTest, OnlyTheJoinedTreeFollowsALink) {
  fs::create_directory(image() / "real");
  fs::create_directory_symlink("real", image() / "etc");
  EXPECT_EQ(in_layer().value(), false);
  EXPECT_TRUE(fs::is_empty(upper()));

  fs::create_directory_symlink(directory, upper() / "etc");
  EXPECT_EQ(in_layer().value(), false);
  EXPECT_FALSE(fs::exists(directory / "hosts"));
}

// A whiteout is a device; that it is no directory is what counts.
TEST_F(EtcFilesTest, WhereAnEarlierRunRemovedEtcTheJoinedTreeIsAsked) {
  fs::create_directory(image() / "etc");
  write(upper() / "etc", "");
  EXPECT_EQ(in_layer().value(), false);
}

TEST_F(EtcFilesTest, AttributesAreForTheJoinedTreeToCopy) {
  fs::create_directory(image() / "etc");
  if (setxattr((image() / "etc").c_str(), "user.note", "x", 1, 0) != 0 &&
      setxattr((image() / "etc").c_str(), "trusted.note", "x", 1, 0) != 0)
    GTEST_SKIP() << "no attributes in " << directory;
  EXPECT_EQ(in_layer().value(), false);
  EXPECT_TRUE(fs::is_empty(upper()));
}

TEST_F(EtcFilesTest, NothingIsMadeForNothing) {
  spec.hosts.reset();
  spec.resolv_conf.reset();
  EXPECT_EQ(in_layer().value(), true);
  EXPECT_TRUE(fs::is_empty(upper()));
}

TEST_F(EtcFilesTest, TreeResolvesEtcInsideItself) {
  fs::create_directory(upper() / "real");
  fs::create_directory_symlink("/../../real", upper() / "etc");
  EXPECT_TRUE(write_etc_in_tree(spec, upper().c_str()));
  expect_files(upper() / "real");
}

TEST_F(EtcFilesTest, TreeWithoutEtcGetsOne) {
  EXPECT_TRUE(write_etc_in_tree(spec, upper().c_str()));
  expect_files(upper() / "etc");
}

TEST_F(EtcFilesTest, WhatCannotBeWrittenIsNamed) {
  fs::create_directories(upper() / "etc/hosts");
  auto written = in_layer();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "write /etc/hosts: Is a directory");
}

}  // namespace
}  // namespace bulkhead::guest
