#include "collection.hpp"

#include <gtest/gtest.h>

#include "archives.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

class Collection : public testing::Test {
 protected:
  std::string load(const std::string& name, const std::vector<std::string>& layers) {
    return (*box.load(simple_archive(layers, name)))["images"][0]["descriptor"]["digest"];
  }
  Result<Json> collect(const Json& images, const Json& references, const Json& containers,
                       bool dry_run = false) {
    return box.call("storage.gc", {{"images", images},
                                   {"references", references},
                                   {"containers", containers},
                                   {"dryRun", dry_run}});
  }
  static Json reference(const std::string& name, const std::string& digest) {
    return {{"reference", "docker.io/library/" + name + ":latest"}, {"digest", digest}};
  }

  Sandbox box;
  std::string shared = Tar().file("shared", std::string(20000, 's')).bytes();
  std::string a = load("a", {shared, Tar().file("a").bytes()});
  std::string b = load("b", {shared, Tar().file("b").bytes()});
};

TEST_F(Collection, RemovesWhatNobodyNeeds) {
  const auto collected = collect(Json::array(), Json::array({reference("a", a)}), Json::array());
  ASSERT_TRUE(collected) << collected.error().message;
  EXPECT_EQ((*collected)["blobs"].size(), 3u);  // b's manifest, config and own layer
  EXPECT_GT((*collected)["reclaimed"], 0);
  EXPECT_FALSE(box.call("storage.image", {{"digest", b}}));
  ASSERT_TRUE(box.call("storage.prepare", {{"digest", a}, {"platform", kAmd64}}));
  EXPECT_EQ((*box.call("storage.list", Json::object()))["references"].size(), 1u);
  EXPECT_EQ((*box.call("storage.list", Json::object()))["disks"].size(), 1u);
}

TEST_F(Collection, KeepsImagesWithoutANameThatAreInUse) {
  ASSERT_TRUE(box.call("storage.untag", {{"reference", "a"}}));
  ASSERT_TRUE(collect(Json::array({a}), Json::array({reference("b", b)}), Json::array()));
  EXPECT_TRUE(box.call("storage.prepare", {{"digest", a}, {"platform", kAmd64}}));
  ASSERT_TRUE(collect(Json::array(), Json::array({reference("b", b)}), Json::array()));
  EXPECT_FALSE(box.call("storage.image", {{"digest", a}}));
}

TEST_F(Collection, LeavesNothingOfNothing) {
  ASSERT_TRUE(box.call(
      "storage.create",
      {{"container", "c"}, {"digest", a}, {"platform", kAmd64}, {"writableBytes", 64 * kMiB}}));
  std::filesystem::remove_all(box.store().layout.templates());
  const auto collected = collect(Json::array(), Json::array(), Json::array());
  ASSERT_TRUE(collected);
  EXPECT_EQ((*collected)["containers"], Json::array({"c"}));
  EXPECT_EQ(box.leftovers(), std::vector<std::string>{});
}

TEST_F(Collection, ChangesNothingWhenDry) {
  const auto before = box.leftovers();
  const auto dry = collect(Json::array(), Json::array(), Json::array(), true);
  ASSERT_TRUE(dry);
  EXPECT_EQ(box.leftovers(), before);
  const auto real = collect(Json::array(), Json::array(), Json::array());
  EXPECT_EQ(*dry, *real);
}

TEST_F(Collection, LeavesWhatRunningOperationsRelyOn) {
  {
    ContentStore::Pin pin(box.store().content);
    pin.add(*Digest::parse(a));
    ASSERT_TRUE(collect(Json::array(), Json::array(), Json::array()));
    EXPECT_TRUE(box.call("storage.prepare", {{"digest", a}, {"platform", kAmd64}}));
  }
  ASSERT_TRUE(collect(Json::array(), Json::array(), Json::array()));
  EXPECT_FALSE(box.call("storage.image", {{"digest", a}}));
}

TEST_F(Collection, NeedsToBeToldWhatIsAlive) {
  for (const char* key : {"images", "references", "containers"}) {
    Json request{
        {"images", Json::array()}, {"references", Json::array()}, {"containers", Json::array()}};
    request.erase(key);
    EXPECT_EQ(box.call("storage.gc", request).error().code, Code::kInvalid);
  }
  EXPECT_TRUE(box.call("storage.image", {{"digest", a}}));
}

TEST_F(Collection, KnowsWhatEverythingCosts) {
  ASSERT_TRUE(box.call(
      "storage.create",
      {{"container", "c"}, {"digest", a}, {"platform", kAmd64}, {"writableBytes", 64 * kMiB}}));
  const Json usage = *box.call("storage.usage", Json::object());
  ASSERT_EQ(usage["images"].size(), 2u);
  const uint64_t sum =
      usage["images"][0]["bytes"].get<uint64_t>() + usage["images"][1]["bytes"].get<uint64_t>();
  EXPECT_LT(usage["imagesBytes"].get<uint64_t>(), sum);  // the shared layer counts once
  EXPECT_GT(usage["imagesBytes"].get<uint64_t>(), sum / 2);
  EXPECT_GT(usage["containers"]["c"], 0);
}

TEST(Start, EmptiesWhatAFormerRunLeftHalfDone) {
  Sandbox box;
  const Layout& layout = box.store().layout;
  for (const Path& path :
       {layout.ingest() / "7", layout.disks() / "3.tmp", layout.templates() / "9.ext4.tmp"}) {
    ASSERT_TRUE(replace_file(path, "half"));
  }
  ASSERT_TRUE(layout.initialize());
  EXPECT_EQ(box.leftovers(), std::vector<std::string>{});
}

}  // namespace
}  // namespace bulkhead::storage
