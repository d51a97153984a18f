#include "core/engine/mount_sources.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace bulkhead::engine {
namespace {

using Kind = model::MountSource::Kind;
using Json = nlohmann::json;

class MountSourcesTest : public testing::Test {
 protected:
  MountSourcesTest() {
    char name[] = "/tmp/mount_sources.XXXXXX";
    directory_ = std::filesystem::canonical(mkdtemp(name)).string();
    std::ofstream(directory_ + "/file") << "content";
    std::ofstream(directory_ + "/secret") << "not for others";
  }
  ~MountSourcesTest() override { std::filesystem::remove_all(directory_); }

  static Json mounting(const std::string& source) {
    return {{"mounts",
             {{{"type", {{"virtiofs", Json::object()}}}, {"source", source}, {"destination", "/x"}},
              {{"type", {{"tmpfs", Json::object()}}}, {"destination", "/t"}}}}};
  }
  Result<model::MountSources> open(const std::string& source) {
    return open_mount_sources(mounting(source), directory_ + "/links");
  }
  static std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string directory_;
};

TEST_F(MountSourcesTest, AFolderIsItselfWithoutLinks) {
  std::filesystem::create_directory(directory_ + "/folder");
  std::filesystem::create_symlink("folder", directory_ + "/link");
  auto sources = open(directory_ + "/link");
  ASSERT_TRUE(sources) << sources.error().message;
  const auto& source = sources->at(directory_ + "/link");
  EXPECT_EQ(source.kind, Kind::kFolder);
  EXPECT_EQ(source.path, directory_ + "/folder");
}

TEST_F(MountSourcesTest, OnlyAFolderHasNotices) {
  Json configuration = mounting(directory_);
  configuration["mounts"][0]["options"] = {"notify"};
  EXPECT_TRUE(check_mount_sources(configuration));
  configuration["mounts"][0]["source"] = directory_ + "/file";
  const Status refused = check_mount_sources(configuration);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kInvalid);
  EXPECT_NE(refused.error().message.find("notify is for folders"), std::string::npos);
}

TEST_F(MountSourcesTest, AFileComesAlone) {
  for (int round = 0; round < 2; round++) {
    auto sources = open(directory_ + "/file");
    ASSERT_TRUE(sources) << sources.error().message;
    const auto& source = sources->at(directory_ + "/file");
    EXPECT_EQ(source.kind, Kind::kFile);
    EXPECT_EQ(source.file, "file");
    EXPECT_EQ(content(source.path + "/file"), "content");
    EXPECT_FALSE(std::filesystem::exists(source.path + "/secret"));
  }
  std::ofstream(directory_ + "/file") << "changed";
  EXPECT_EQ(content(directory_ + "/links/0/file"), "changed");
}

TEST_F(MountSourcesTest, AFileOfAnotherFileSystemComesWithItsFolder) {
  if (::access("/proc/self/status", R_OK) != 0) GTEST_SKIP() << "no /proc";
  auto sources = open("/proc/version");
  ASSERT_TRUE(sources) << sources.error().message;
  EXPECT_EQ(sources->at("/proc/version").path, "/proc");
  EXPECT_EQ(sources->at("/proc/version").file, "version");
}

TEST_F(MountSourcesTest, ASocketIsASocket) {
  const std::string path = directory_ + "/socket";
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  auto sources = open(path);
  close(fd);
  ASSERT_TRUE(sources) << sources.error().message;
  EXPECT_EQ(sources->at(path).kind, Kind::kSocket);
  EXPECT_EQ(sources->at(path).path, path);
}

TEST_F(MountSourcesTest, WhatCantBeMountedIsSaidWhere) {
  const auto missing = check_mount_sources(mounting(directory_ + "/nothing"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(missing.error().message,
            "the mount at /x: there is no " + directory_ + "/nothing on this host");
  ASSERT_EQ(mkfifo((directory_ + "/fifo").c_str(), 0600), 0);
  EXPECT_EQ(check_mount_sources(mounting(directory_ + "/fifo")).error().code, Code::kInvalid);
  EXPECT_TRUE(check_mount_sources(mounting(directory_ + "/file")));
  EXPECT_TRUE(check_mount_sources(Json::object()));
}

}  // namespace
}  // namespace bulkhead::engine
