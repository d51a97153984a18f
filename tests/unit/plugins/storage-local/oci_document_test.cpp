#include "oci_document.hpp"

#include <gtest/gtest.h>

namespace bulkhead::storage {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

Json descriptor() {
  return {{"mediaType", "x"}, {"digest", kDigest}, {"size", 3}};
}

std::string kind_of(const Json& document) {
  const auto kind = document_kind(document);
  if (!kind) return kind.error().message;
  return *kind == DocumentKind::kIndex      ? "index"
         : *kind == DocumentKind::kManifest ? "manifest"
                                            : "other";
}

TEST(Document, IsToldByItsContent) {
  EXPECT_EQ(kind_of({{"manifests", Json::array()}}), "index");
  EXPECT_EQ(kind_of({{"layers", Json::array()}, {"config", descriptor()}}), "manifest");
  EXPECT_EQ(kind_of({{"architecture", "amd64"}, {"config", Json::object()}}), "other");
}

TEST(Document, ThatIsTwoThingsIsRefused) {
  EXPECT_EQ(kind_of({{"manifests", Json::array()}, {"layers", Json::array()}}),
            "it claims to be an index and a manifest at once");
  EXPECT_TRUE(kind_of({{"mediaType", media_type::kIndex}, {"layers", Json::array()}})
                  .starts_with("its content isn't what"));
  EXPECT_TRUE(kind_of({{"mediaType", media_type::kDockerManifest}, {"manifests", Json::array()}})
                  .starts_with("its content isn't what"));
}

TEST(Document, MustBeAnObject) {
  EXPECT_EQ(parse_document("[1]").error().message, "it isn't a JSON object");
  EXPECT_EQ(parse_document("{").error().code, Code::kCorrupt);
  EXPECT_FALSE(parse_document(std::string(100000, '[')));
}

TEST(Index, ListsItsManifests) {
  Json entry = descriptor();
  entry["platform"] = {{"os", "linux"}, {"architecture", "arm64"}};
  entry["annotations"] = {{"a", "b"}, {"n", 1}};
  const auto index = parse_index({{"manifests", {entry}}}, {});
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ(index->manifests[0].digest.text(), kDigest);
  EXPECT_EQ(index->manifests[0].platform->text(), "linux/arm64");
  EXPECT_EQ(index->manifests[0].annotations.size(), 1u);
}

TEST(Index, RefusesWhatCantBeAddressed) {
  Json no_size = descriptor(), negative = descriptor(), bad = descriptor();
  no_size.erase("size");
  negative["size"] = -1;
  bad["digest"] = "sha256:../x";
  for (const Json& entry : {no_size, negative, bad, Json("text"), Json()}) {
    const auto index = parse_index({{"manifests", {entry}}}, {});
    ASSERT_FALSE(index) << entry;
    EXPECT_EQ(index.error().code, Code::kCorrupt);
  }
  Limits limits;
  limits.manifests = 1;
  EXPECT_FALSE(parse_index({{"manifests", {descriptor(), descriptor()}}}, limits));
}

TEST(Manifest, TellsImagesFromOtherThings) {
  Json config = descriptor();
  config["mediaType"] = media_type::kConfig;
  EXPECT_TRUE(parse_manifest({{"config", config}, {"layers", {descriptor()}}}, {})->is_image);
  config["mediaType"] = "application/vnd.cncf.helm.config.v1+json";
  EXPECT_FALSE(parse_manifest({{"config", config}, {"layers", {descriptor()}}}, {})->is_image);
  EXPECT_FALSE(parse_manifest({{"config", config}}, {}));
  EXPECT_FALSE(parse_manifest({{"layers", Json::array()}}, {}));
}

TEST(Config, NamesItsLayersAndTime) {
  const Json document{{"os", "linux"},
                      {"architecture", "amd64"},
                      {"created", "2024-01-02T03:04:05Z"},
                      {"rootfs", {{"diff_ids", {kDigest}}}}};
  const auto config = parse_config(document, {});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->diff_ids[0].text(), kDigest);
  EXPECT_EQ(config->created, "2024-01-02T03:04:05Z");
  EXPECT_EQ(config->document, document);
}

TEST(Config, IsRefusedOrRepairedWhereItLies) {
  EXPECT_FALSE(parse_config({{"os", "linux"}, {"architecture", "amd64"}}, {}));
  EXPECT_FALSE(parse_config({{"os", "linux"}, {"rootfs", {{"diff_ids", Json::array()}}}}, {}));
  EXPECT_FALSE(parse_config(
      {{"os", "linux"}, {"architecture", "amd64"}, {"rootfs", {{"diff_ids", {1}}}}}, {}));
  const auto config = parse_config({{"os", "l"},
                                    {"architecture", "a"},
                                    {"created", "\x1b[31m yesterday, 20 o'clock"},
                                    {"rootfs", {{"diff_ids", Json::array()}}}},
                                   {});
  EXPECT_EQ(config->created, "");
}

}  // namespace
}  // namespace bulkhead::storage
