#include "image.hpp"

#include <gtest/gtest.h>

#include "archives.hpp"
#include "ingest.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

// Documents of an image, without an archive around them.
class ImageTest : public testing::Test {
 protected:
  Result<Image> read(const Json& root, const char* type) {
    Ingest ingest(box.store().content, box.store().layout, box.store().limits, box.task());
    const Json descriptor = archive.describe(root, type);
    for (const auto& [hex, content] : archive.blobs) EXPECT_TRUE(ingest.receive(bytes_of(content)));
    return Image::read(ingest, *Digest::parse(descriptor["digest"].get<std::string>()),
                       box.store().limits);
  }
  Json child(const std::string& layer, const Json& platform) {
    Json descriptor = archive.describe(archive.manifest({layer}, platform), media_type::kManifest);
    descriptor["platform"] = platform;
    return descriptor;
  }

  Sandbox box;
  ImageArchive archive;
};

TEST_F(ImageTest, HasTheVariantsOfItsIndex) {
  const Json arm_v7{{"os", "linux"}, {"architecture", "arm"}, {"variant", "v7"}};
  const auto image =
      read({{"manifests", {child("a", kAmd64), child("b", kArm64), child("c", arm_v7)}}},
           media_type::kIndex);
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->variants.size(), 3u);
  EXPECT_EQ((*image->choose({"linux", "arm64", "v8"}, "web"))->platform.architecture, "arm64");
  EXPECT_EQ((*image->choose({"linux", "arm", ""}, "web"))->platform.text(), "linux/arm/v7");
  EXPECT_EQ(image->created(), "2024-05-06T07:08:09Z");
  EXPECT_EQ(image->content.size(), 1 + 3 * 3u);
  const Json json = image->to_json("docker.io/library/web:latest");
  EXPECT_EQ(json["variants"][0]["config"]["config"]["Cmd"][0], "/bin/sh");
  EXPECT_EQ(json["reference"], "docker.io/library/web:latest");
}

TEST_F(ImageTest, SaysWhichPlatformsItHas) {
  const auto image =
      read({{"manifests", {child("a", kAmd64), child("b", kArm64)}}}, media_type::kIndex);
  const auto variant = image->choose({"linux", "s390x", ""}, "web");
  ASSERT_FALSE(variant);
  EXPECT_EQ(variant.error().code, Code::kNotFound);
  EXPECT_EQ(variant.error().message,
            "image web has no content for platform linux/s390x; available platforms: linux/amd64, "
            "linux/arm64");
}

TEST_F(ImageTest, LeavesOutWhatIsntHereOrNoImage) {
  Json absent = child("a", kArm64);
  archive.blobs.erase(absent["digest"].get<std::string>().substr(7));
  Json half = child("b", {{"os", "linux"}, {"architecture", "riscv64"}});
  archive.blobs.erase(Digest::of(bytes_of("b")).hex());
  Json chart = archive.manifest({"c"}, kAmd64);
  chart["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json";
  const Json attestation = child("d", {{"os", "unknown"}, {"architecture", "unknown"}});
  const auto image = read({{"manifests",
                            {absent, half, archive.describe(chart, media_type::kManifest),
                             attestation, child("e", kAmd64)}}},
                          media_type::kIndex);
  ASSERT_TRUE(image) << image.error().message;
  ASSERT_EQ(image->variants.size(), 1u);
  EXPECT_EQ(image->variants[0].platform.architecture, "amd64");
  ASSERT_EQ(image->missing.size(), 2u);
  EXPECT_TRUE(image->missing[0].ends_with("of 'linux/arm64'")) << image->missing[0];
}

TEST_F(ImageTest, IsCorruptWhereSizesOrCountsLie) {
  Json manifest = archive.manifest({"a"}, kAmd64);
  manifest["layers"][0]["size"] = 99;
  EXPECT_EQ(read(manifest, media_type::kManifest).error().code, Code::kCorrupt);
  manifest = archive.manifest({"a"}, kAmd64);
  manifest["layers"].push_back(manifest["layers"][0]);
  const auto two = read(manifest, media_type::kManifest);
  ASSERT_FALSE(two);
  EXPECT_NE(two.error().message.find("has 2 layers, but its config lists 1"), std::string::npos)
      << two.error().message;
  Json wrong_size = child("b", kAmd64);
  wrong_size["size"] = 1;
  EXPECT_EQ(read({{"manifests", {wrong_size}}}, media_type::kIndex).error().code, Code::kCorrupt);
}

TEST_F(ImageTest, IsntNestedForEver) {
  Json inner = child("a", kAmd64);
  for (int i = 0; i < 3; ++i)
    inner = archive.describe({{"manifests", {inner}}}, media_type::kIndex);
  EXPECT_TRUE(read({{"manifests", {inner}}}, media_type::kIndex));
  inner = archive.describe({{"manifests", {inner}}}, media_type::kIndex);
  EXPECT_FALSE(read({{"manifests", {inner}}}, media_type::kIndex));
}

TEST_F(ImageTest, ThatIsUnknownIsNotFound) {
  const auto image = Image::read(box.store().content, Digest::of(bytes_of("?")), {});
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace bulkhead::storage
