#include "model/template_shape.hpp"

#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

constexpr int64_t kGiB = int64_t{1} << 30;

TemplateState saved(int64_t bytes = 1) {
  TemplateState made;
  made.shape = {{"cpus", 2}, {"memoryBytes", kGiB}, {"accelerator", "tcg"}, {"kernel", "/k"}};
  made.recipe = "so";
  made.bytes = bytes;
  made.ram_digest = "sha256:aa";
  made.state_digest = "sha256:bb";
  return made;
}

TEST(TemplateShape, MemoryIsRoundedUpToAClass) {
  EXPECT_EQ(template_memory(200 << 20), kGiB);
  EXPECT_EQ(template_memory(kGiB), kGiB);
  EXPECT_EQ(template_memory(kGiB + 1), 2 * kGiB);
  EXPECT_EQ(template_memory(8 * kGiB), 8 * kGiB);
  EXPECT_EQ(template_memory(8 * kGiB + 1), std::nullopt);
}

TEST(TemplateShape, DisksAndNetworksDontMatterProcessorsDo) {
  const Json plain = {{"accelerator", "tcg"}, {"cpus", 1}, {"memoryBytes", kGiB}, {"kernel", "/k"}};
  Json other = plain;
  other["imageDisk"] = "/d";
  other["networks"] = {{{"network", "n"}}};
  other["memoryBytes"] = 300 << 20;
  EXPECT_EQ(template_shape(plain), template_shape(other));
  other["cpus"] = 2;
  EXPECT_NE(template_shape(plain), template_shape(other));
  other["initDisk"] = "/init";
  EXPECT_TRUE(template_shape(other).is_null());
  EXPECT_TRUE(template_shape(nullptr).is_null());
}

TEST(Templates, AreThereFromBuiltToDropped) {
  World world;
  world.append(template_built("aa", saved(), 5));
  ASSERT_TRUE(world.state().templates.contains("aa"));
  const TemplateState& there = world.state().templates.at("aa");
  EXPECT_EQ(there.recipe, "so");
  EXPECT_EQ(there.ram_digest, "sha256:aa");
  EXPECT_EQ(template_from_snapshot(template_snapshot(there)), there);
  world.append(template_dropped("aa", "pruned"));
  EXPECT_TRUE(world.state().templates.empty());
}

TEST(Templates, TheLongestUnusedIsOneTooMany) {
  World world;
  for (const char* key : {"aa", "bb", "cc"}) world.append(template_built(key, saved(), 5));
  EXPECT_THAT(surplus_templates(world.state(), 3), IsEmpty());
  EXPECT_THAT(surplus_templates(world.state(), 1), ElementsAre("aa", "bb"));
}

}  // namespace
}  // namespace bulkhead::model
