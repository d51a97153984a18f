#include "volumes.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

class Volumes : public testing::Test {
 protected:
  Result<Json> create(const std::string& name, Json more = {{"kind", "disk"}}) {
    more["volume"] = name;
    return box.call("storage.create-volume", more);
  }
  Result<Json> collect(Json request) {
    for (const char* key : {"images", "references", "containers"}) request[key] = Json::array();
    return box.call("storage.gc", request);
  }
  Json all() { return (*box.call("storage.list", Json::object()))["volumes"]; }

  Sandbox box;
};

TEST_F(Volumes, ADiskHasTheSizeAskedFor) {
  const auto made = create("data", {{"kind", "disk"}, {"sizeBytes", 32 * kMiB}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(*made, (Json{{"path", (box.root() / "volumes/data/volume.ext4").string()},
                         {"bytes", 32 * kMiB}}));
  EXPECT_EQ(Sandbox::check_disk((*made)["path"].get<std::string>()), "");
  EXPECT_EQ(all(), Json::array({"data"}));
}

TEST_F(Volumes, AFolderIsAFolder) {
  const auto made = create("shared", {{"kind", "folder"}});
  ASSERT_TRUE(made);
  EXPECT_TRUE(std::filesystem::is_directory((*made)["path"].get<std::string>()));
  EXPECT_EQ((*made)["bytes"], 0);
}

TEST_F(Volumes, WhatIsThereStays) {
  const auto made = create("shared", {{"kind", "folder"}});
  const Path file = Path((*made)["path"].get<std::string>()) / "file";
  std::ofstream(file) << "precious";
  EXPECT_EQ(*create("shared", {{"kind", "disk"}}), *made);
  box.restart();
  EXPECT_TRUE(std::filesystem::exists(file));
}

TEST_F(Volumes, NamesStayInTheirFolder) {
  for (const char* name : {"", ".", "..", ".new", "a/b", "../a", "-a", "_a", "a b", "\xc3\xa4"})
    EXPECT_EQ(create(name).error().code, Code::kInvalid) << name;
  EXPECT_EQ(create(std::string(256, 'a')).error().code, Code::kInvalid);
  const Json folder = {{"kind", "folder"}};
  EXPECT_TRUE(create(std::string(255, 'a'), folder));
  for (const char* name : {"a.tmp", "0", "A_.-"}) EXPECT_TRUE(create(name, folder)) << name;
}

TEST_F(Volumes, RefusesRequestsThatMeanNothing) {
  for (const Json& request :
       {Json{{"kind", "tape"}}, Json{{"kind", "disk"}, {"journal", "none"}},
        Json{{"kind", "disk"}, {"sizeBytes", -1}}, Json{{"kind", "disk"}, {"sizeBytes", 4096}}})
    EXPECT_EQ(create("data", request).error().code, Code::kInvalid) << request;
  EXPECT_EQ(all(), Json::array());
  EXPECT_EQ(box.leftovers(), std::vector<std::string>{});
}

TEST_F(Volumes, DeletionIsCompleteAndRepeatable) {
  ASSERT_TRUE(create("data"));
  const auto gone = box.call("storage.delete-volume", {{"volume", "data"}});
  ASSERT_TRUE(gone);
  EXPECT_GT((*gone)["reclaimed"], 0);
  EXPECT_EQ(all(), Json::array());
  EXPECT_EQ((*box.call("storage.delete-volume", {{"volume", "data"}}))["reclaimed"], 0);
}

TEST_F(Volumes, UsageIsWhatTheyAllocate) {
  ASSERT_TRUE(create("data", {{"kind", "disk"}, {"sizeBytes", 64 * kMiB}}));
  ASSERT_TRUE(create("shared", {{"kind", "folder"}}));
  const Json used = (*box.call("storage.usage", Json::object()))["volumes"];
  EXPECT_GT(used["data"], 0);
  EXPECT_LT(used["data"], 2 * kMiB);
  EXPECT_TRUE(used.contains("shared"));
  const Json contents = (*box.call("storage.usage", Json::object()))["volumeContents"];
  EXPECT_EQ(contents["data"], 4096);
  EXPECT_TRUE(contents.contains("shared"));
}

TEST_F(Volumes, CollectionTakesOnlyWhatItIsToldOf) {
  for (const char* name : {"alive", "forgotten"}) ASSERT_TRUE(create(name, {{"kind", "folder"}}));
  ASSERT_TRUE(collect(Json::object()));
  EXPECT_EQ(all(), Json::array({"alive", "forgotten"}));
  const auto would = collect({{"volumes", {"alive"}}, {"dryRun", true}});
  EXPECT_EQ((*would)["volumes"], Json::array({"forgotten"}));
  EXPECT_EQ(all(), Json::array({"alive", "forgotten"}));
  ASSERT_TRUE(collect({{"volumes", {"alive"}}}));
  EXPECT_EQ(all(), Json::array({"alive"}));
  EXPECT_EQ(collect({{"volumes", {1}}}).error().code, Code::kInvalid);
}

TEST_F(Volumes, WhatWasHalfMadeGoes) {
  const Path unfinished = box.store().layout.unfinished_volume();
  std::filesystem::create_directories(unfinished);
  std::ofstream(unfinished / "volume.ext4") << "half";
  EXPECT_EQ(all(), Json::array());
  box.restart();
  EXPECT_FALSE(std::filesystem::exists(unfinished));
}

}  // namespace
}  // namespace bulkhead::storage
