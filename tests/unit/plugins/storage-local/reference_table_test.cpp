#include "reference_table.hpp"

#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

Descriptor image(const std::string& content) {
  return {media_type::kManifest, Digest::of(bytes_of(content)), content.size(), {}, {}};
}

class ReferenceTableTest : public testing::Test {
 protected:
  ReferenceTable load() { return *ReferenceTable::load(box.store().layout, {}); }
  std::string names() {
    std::string all;
    const ReferenceTable table = load();
    for (const auto& entry : table.entries())
      all += entry.reference + "=" + entry.digest.hex().substr(0, 4) + " ";
    return all;
  }
  Sandbox box;
  std::string a = image("a").digest.hex().substr(0, 4), b = image("b").digest.hex().substr(0, 4);
};

TEST_F(ReferenceTableTest, MovesANameAndRemembersTheImageItLeft) {
  ReferenceTable table = load();
  table.set("web", image("a"));
  table.set("web", image("b"));
  ASSERT_TRUE(table.save());
  EXPECT_EQ(names(), "=" + a + " web=" + b + " ");
}

TEST_F(ReferenceTableTest, DropsTheNamelessEntryOnceThereIsAName) {
  ReferenceTable table = load();
  table.set("", image("a"));
  table.set("", image("a"));
  table.set("web", image("a"));
  table.set("shop", image("a"));
  table.remove("web");
  ASSERT_TRUE(table.save());
  EXPECT_EQ(names(), "shop=" + a + " ");
  table.remove("shop");
  table.remove("unknown");
  ASSERT_TRUE(table.save());
  EXPECT_EQ(names(), "=" + a + " ");
}

TEST_F(ReferenceTableTest, LeavesOtherToolsEntriesAsTheyAre) {
  const std::string digest = image("a").digest.text();
  const Json foreign{{"mediaType", "x"},
                     {"digest", digest},
                     {"size", 1},
                     {"annotations", {{annotation::kRefName, "theirs"}, {"k", "v"}}},
                     {"more", true}};
  ASSERT_TRUE(
      replace_file(box.store().layout.index(),
                   dump_json({{"schemaVersion", 2}, {"manifests", {foreign}}, {"extra", 1}})));
  ReferenceTable table = load();
  table.set("ours", image("b"));
  ASSERT_TRUE(table.save());
  const Json document = *parse_json(*read_small_file(box.store().layout.index(), kMiB));
  EXPECT_EQ(document["manifests"][0], foreign);
  EXPECT_EQ(document["extra"], 1);
}

TEST_F(ReferenceTableTest, SaysThatItIsDamaged) {
  ASSERT_TRUE(replace_file(box.store().layout.index(), "{"));
  const auto table = ReferenceTable::load(box.store().layout, {});
  ASSERT_FALSE(table);
  EXPECT_TRUE(table.error().message.starts_with("the table of images "));
}

}  // namespace
}  // namespace bulkhead::storage
