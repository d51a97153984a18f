#include "options/mount.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "command/table.hpp"

namespace bulkhead::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Mount, ATmpfsTakesSizeAndMode) {
  const auto mount = parse_mount("type=tmpfs,destination=/x,size=16m,mode=1777");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->type, MountType::kTmpfs);
  EXPECT_EQ(mount->destination, "/x");
  EXPECT_THAT(mount->options, ElementsAre("size=16777216", "mode=1777"));
}

TEST(Mount, KeysHaveShortForms) {
  const auto mount = parse_mount("src=/a,dst=/b,ro");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->type, MountType::kVirtiofs);
  EXPECT_EQ(mount->source, "/a");
  EXPECT_EQ(mount->destination, "/b");
  EXPECT_THAT(mount->options, ElementsAre("ro"));
  EXPECT_THAT(parse_mount("source=/a,target=/b,readonly=false")->options, ElementsAre());
}

TEST(Mount, RefusesMistakes) {
  for (const char* bad :
       {"", "type=tmpfs", "type=tmpfs,destination=x", "type=nfs,destination=/x",
        "destination=/x,size=1m", "destination=/x,ro,mode=755",
        "type=tmpfs,destination=/x,size=big", "type=tmpfs,destination=/x,mode=999",
        "type=tmpfs,destination=/x,mode=", "type=tmpfs,destination=/x,color=red",
        "type=tmpfs,source=/a,destination=/x"}) {
    const auto mount = parse_mount(bad);
    ASSERT_FALSE(mount) << bad;
    EXPECT_EQ(mount.error().code, kUsage) << bad;
  }
}

TEST(Mount, AHostFolderMayBeRelative) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(parse_mount("type=bind,source=a/../b,target=/x")->source, here + "/b");
  EXPECT_EQ(parse_mount("type=volume,source=data,target=/x")->source, "data");
  EXPECT_FALSE(parse_mount("type=bind,target=/x"));
}

TEST(Mount, OnlyAHostFolderThatMayBeWrittenToHasNotices) {
  EXPECT_THAT(parse_mount("src=/a,dst=/b,notify")->options, ElementsAre("notify"));
  EXPECT_THAT(parse_mount("src=/a,dst=/b,notify=false")->options, ElementsAre());
  EXPECT_THAT(parse_volume("/a:/b:notify")->options, ElementsAre("notify"));
  for (const char* bad : {"type=volume,source=a,target=/b,notify", "type=tmpfs,target=/b,notify",
                          "src=/a,dst=/b,notify,ro"}) {
    const auto refused = parse_mount(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_THAT(refused.error().message, HasSubstr("--mount: notify")) << bad;
  }
  for (const char* bad : {"data:/b:notify", "/a:/b:ro,notify"}) {
    const auto refused = parse_volume(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_THAT(refused.error().message, HasSubstr("--volume: notify")) << bad;
  }
  EXPECT_FALSE(parse_volume("/a:/b:notify=1"));
  EXPECT_FALSE(parse_tmpfs("/a:notify"));
}

TEST(Volume, ANameIsAVolumesAndAPathIsTheHosts) {
  const std::string here = std::filesystem::current_path().string();
  for (const auto& [text, source] :
       {std::pair("/src:/dst", std::string("/src")), std::pair("./a:/dst", here + "/a"),
        std::pair("a/b:/dst", here + "/a/b"), std::pair(".:/dst", here + "/.")}) {
    const auto mount = parse_volume(text);
    ASSERT_TRUE(mount) << text;
    EXPECT_EQ(mount->type, MountType::kVirtiofs) << text;
    EXPECT_EQ(std::filesystem::path(mount->source).lexically_normal(),
              std::filesystem::path(source).lexically_normal());
    EXPECT_EQ(mount->destination, "/dst");
  }
  const auto named = parse_volume("data:/dst:ro");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->type, MountType::kVolume);
  EXPECT_EQ(named->source, "data");
  EXPECT_THAT(named->options, ElementsAre("ro"));
  EXPECT_THAT(parse_volume("data:/dst:rw")->options, ElementsAre());
}

TEST(Volume, ADestinationAloneIsAnonymous) {
  const auto mount = parse_volume("/data");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->type, MountType::kVolume);
  EXPECT_EQ(mount->source, "");
  EXPECT_EQ(mount->destination, "/data");
}

TEST(Volume, RefusesMistakes) {
  for (const char* bad : {"", "data", ":/dst", "data:", "data:dst", "/a:b", "data:/dst:color",
                          "data:/dst:ro=1", "data:/dst:size=5"}) {
    const auto mount = parse_volume(bad);
    ASSERT_FALSE(mount) << bad;
    EXPECT_EQ(mount.error().code, kUsage) << bad;
    EXPECT_THAT(mount.error().message, HasSubstr("--volume")) << bad;
  }
}

TEST(Tmpfs, IsAnAbsolutePath) {
  EXPECT_EQ(parse_tmpfs("/scratch")->destination, "/scratch");
  EXPECT_FALSE(parse_tmpfs("scratch"));
  EXPECT_FALSE(parse_tmpfs(""));
}

TEST(Tmpfs, TakesTheOptionsOfATmpfsMount) {
  const auto mount = parse_tmpfs("/a:size=1m,mode=700,ro");
  ASSERT_TRUE(mount) << mount.error().message;
  EXPECT_EQ(mount->destination, "/a");
  EXPECT_THAT(mount->options, ElementsAre("size=1048576", "mode=700", "ro"));
  for (const char* bad : {"a:ro", ":ro", "/a:size=big", "/a:mode=9", "/a:color=red", "/a:rw,,ro",
                          "/a:target=/b", "/a:type=bind"}) {
    const auto refused = parse_tmpfs(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, kUsage) << bad;
    EXPECT_THAT(refused.error().message, HasSubstr("--tmpfs")) << bad;
  }
}

}  // namespace
}  // namespace bulkhead::cli
