#include "plan.hpp"

#include "pulls.hpp"

namespace bulkhead::storage {
namespace {

const std::string kTar = Tar().file("f", "1").bytes();
const Json kArmV7{{"os", "linux"}, {"architecture", "arm"}, {"variant", "v7"}};

class PlanTest : public PullTest {
 protected:
  using PullTest::PullTest;

  std::vector<std::string> missing(const Json& root, const Json& platform = Json()) {
    const auto planned = plan(root, platform);
    EXPECT_TRUE(planned) << planned.error().message;
    std::vector<std::string> whats;
    if (planned) {
      for (const Json& piece : (*planned)["missing"])
        whats.push_back(piece["kind"].get<std::string>() + ": " + piece["what"].get<std::string>());
    }
    return whats;
  }
  using Whats = std::vector<std::string>;

  void expect_refused(const Json& root, Code code, const std::string& part,
                      const Json& platform = Json()) {
    const auto planned = plan(root, platform);
    ASSERT_FALSE(planned) << *planned;
    EXPECT_EQ(planned.error().code, code) << planned.error().message;
    EXPECT_NE(planned.error().message.find(part), std::string::npos) << planned.error().message;
  }
  // The same with a document that is bent.
  void expect_refused_document(const Json& document, const char* type, Code code,
                               const std::string& part) {
    const Json root = publish(document, type);
    ASSERT_TRUE(receive(root));
    expect_refused(root, code, part);
  }
};

TEST_F(PlanTest, AsksForAManifestItsConfigAndLayers) {
  const std::string other = Tar().file("g").bytes();
  Json root = image({kTar, other, kTar});
  root.erase("platform");
  EXPECT_EQ(missing(root), Whats{"manifest: manifest"});
  ASSERT_TRUE(receive(root));
  // The third layer is the first once more.
  EXPECT_EQ(missing(root, kAmd64), Whats{"blob: config"});  // whose platform it has isn't known yet
  EXPECT_EQ(missing(root), (Whats{"blob: config", "blob: layer 1 of 3", "blob: layer 2 of 3"}));
  EXPECT_FALSE(plan(root)->contains("manifest"));
  receive_documents(root, kAmd64);
  EXPECT_EQ((*plan(root, kAmd64))["manifest"], root["digest"]);
  ASSERT_TRUE(receive(layer(root, 1)));
  ASSERT_FALSE(receive(layer(root, 0), 0, 5));
  const Json planned = *plan(root, kAmd64);
  ASSERT_EQ(planned["missing"].size(), 1u);
  EXPECT_EQ(planned["missing"][0]["have"], 5);
  EXPECT_EQ(planned["missing"][0]["content"]["digest"], layer(root, 0)["digest"]);
  ASSERT_EQ(planned["present"].size(), 1u);
  EXPECT_EQ(planned["present"][0]["what"], "layer 2 of 3");
  ASSERT_TRUE(receive(layer(root, 0), 5));
  EXPECT_EQ(missing(root, kAmd64), Whats{});
}

TEST_F(PlanTest, AsksForOnePlatformOfAnIndex) {
  const Json arm = image({Tar().file("arm").bytes()}, kArm64), amd = image({kTar});
  const Json root =
      index({arm, amd, image({kTar}, {{"os", "unknown"}, {"architecture", "unknown"}})});
  EXPECT_EQ(missing(root, kAmd64), Whats{"manifest: index"});
  ASSERT_TRUE(receive(root));
  const Json planned = *plan(root, kAmd64);
  ASSERT_EQ(planned["missing"].size(), 1u);
  EXPECT_EQ(planned["missing"][0]["content"]["digest"], amd["digest"]);
  receive_documents(root, kArm64);
  EXPECT_EQ(missing(root, kArm64), Whats{"blob: layer 1 of 1"});
  EXPECT_FALSE(plan(root, kArm64)->contains("manifest"));  // this host won't unpack it
  expect_refused(root, Code::kNotFound,
                 "has no content for platform linux/arm/v7; available platforms: linux/arm64, "
                 "linux/amd64",
                 kArmV7);
}

TEST_F(PlanTest, TakesTheBestVariant) {
  Json v6 = kArmV7, v8 = kArmV7;
  v6["variant"] = "v6";
  v8["variant"] = "v8";
  const Json best = image({kTar}, kArmV7);
  const Json root = index({image({kTar}, v6), best, image({kTar}, v8)});
  ASSERT_TRUE(receive(root));
  const Json planned = *plan(root, kArmV7);
  ASSERT_EQ(planned["missing"].size(), 1u);
  EXPECT_EQ(planned["missing"][0]["content"]["digest"], best["digest"]);
}

TEST_F(PlanTest, AsksForAllWithoutAPlatform) {
  const Json root = index({image({Tar().file("arm").bytes()}, kArm64), image({kTar})});
  receive_documents(root);
  EXPECT_EQ(missing(root), (Whats{"blob: layer 1 of 1 of linux/amd64",  // the host's first
                                  "blob: layer 1 of 1 of linux/arm64"}));
  EXPECT_TRUE(plan(root)->contains("manifest"));
}

TEST_F(PlanTest, LooksIntoNestedIndexesAndUnnamedManifests) {
  Json unnamed = image({kTar});
  unnamed.erase("platform");
  Json untyped = image({Tar().file("arm").bytes()}, kArm64);
  untyped.erase("platform");
  untyped["mediaType"] = "";
  const Json root = index({index({unnamed}), untyped});
  ASSERT_TRUE(receive(root));
  EXPECT_EQ(missing(root, kAmd64), (Whats{"manifest: index", "manifest: manifest"}));
  receive_documents(root, kAmd64);
  const Json planned = *plan(root, kAmd64);
  ASSERT_EQ(planned["missing"].size(), 1u);
  EXPECT_EQ(planned["missing"][0]["content"]["digest"], layer(unnamed, 0)["digest"]);
  EXPECT_EQ(planned["manifest"], unnamed["digest"]);
}

TEST_F(PlanTest, RefusesDocumentsThatLie) {
  Json both = remote.manifest({kTar}, kAmd64);
  both["manifests"] = Json::array();
  expect_refused_document(both, media_type::kManifest, Code::kCorrupt,
                          "an index and a manifest at once");
  Json manifest = remote.manifest({kTar}, kAmd64);
  expect_refused_document(manifest, media_type::kIndex, Code::kCorrupt, "it was announced as");
  manifest["mediaType"] = media_type::kManifest;
  expect_refused_document(manifest, media_type::kDockerManifest, Code::kCorrupt,
                          "it was announced as");
  expect_refused_document({{"hello", "world"}}, "", Code::kCorrupt,
                          "neither an index nor a manifest");
  expect_refused_document({{"schemaVersion", 1}, {"fsLayers", Json::array()}}, "",
                          Code::kUnsupported, "old schema 1");
  manifest = remote.manifest({kTar}, kAmd64);
  manifest["layers"][0]["digest"] = "sha512:" + std::string(128, 'a');
  expect_refused_document(manifest, media_type::kManifest, Code::kUnsupported,
                          "isn't a sha256 digest");
  manifest = remote.manifest({kTar}, kAmd64);
  manifest["config"]["mediaType"] = "application/vnd.cncf.helm.config.v1+json";
  expect_refused_document(manifest, media_type::kManifest, Code::kUnsupported,
                          "it is of a kind that can't be run");
  Json inner = image({kTar});
  for (int i = 0; i < 4; ++i) {
    inner = index({inner});
    ASSERT_TRUE(receive(inner));
  }
  EXPECT_TRUE(plan(inner));
  const Json deep = index({inner});
  ASSERT_TRUE(receive(deep));
  expect_refused(deep, Code::kCorrupt, "nested too deep");
}

TEST_F(PlanTest, RefusesSizesThatLie) {
  Json manifest = remote.manifest({kTar}, kAmd64);
  manifest["layers"].push_back(manifest["layers"][0]);
  manifest["layers"][1]["size"] = 7;
  expect_refused_document(manifest, media_type::kManifest, Code::kCorrupt,
                          "two sizes for the same content");
  manifest = remote.manifest({kTar}, kAmd64);
  manifest["layers"][0]["size"] = uint64_t{1} << 50;
  expect_refused_document(manifest, media_type::kManifest, Code::kCorrupt, "layer 1 of 1 (sha256:");
  manifest = remote.manifest({kTar}, kAmd64);
  manifest["config"]["size"] = 64 * kMiB;
  expect_refused_document(manifest, media_type::kManifest, Code::kCorrupt, "beyond the limit");
  Json root = image({kTar});
  root["size"] = 64 * kMiB;
  expect_refused(root, Code::kCorrupt, "beyond the limit");
  ASSERT_TRUE(receive(image({kTar})));
  root["size"] = 64;
  expect_refused(root, Code::kCorrupt, "its descriptor promises 64");
}

TEST_F(PlanTest, RefusesLayersThatAreElsewhere) {
  Json manifest = remote.manifest({kTar}, kAmd64);
  manifest["layers"][0]["urls"] = {"https://example.org/layer"};
  expect_refused_document(manifest, media_type::kManifest, Code::kUnsupported, "other hosts");
  for (const char* type : {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                           "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"}) {
    manifest = remote.manifest({kTar}, kAmd64);
    manifest["layers"][0]["mediaType"] = type;
    expect_refused_document(manifest, media_type::kManifest, Code::kUnsupported, "other hosts");
  }
}

TEST_F(PlanTest, RefusesConfigsThatLie) {
  Json manifest = remote.manifest({kTar, kTar}, kAmd64);
  manifest["layers"].erase(1);
  const Json root = publish(manifest, media_type::kManifest);
  ASSERT_TRUE(receive(root));
  ASSERT_TRUE(receive(manifest["config"]));
  expect_refused(root, Code::kCorrupt, "has 1 layers, but its config lists 2");
  manifest["config"] = publish({{"no", "config"}}, media_type::kConfig);
  const Json other = publish(manifest, media_type::kManifest);
  ASSERT_TRUE(receive(other));
  ASSERT_TRUE(receive(manifest["config"]));
  expect_refused(other, Code::kCorrupt, "config sha256:");
}

class PlanLimits : public PlanTest {
 protected:
  PlanLimits() : PlanTest(small()) {}
  static Limits small() {
    Limits limits;
    limits.manifests = 3;
    limits.layers = 3;
    limits.parts = 6;
    limits.image_bytes = 5000;
    limits.documents_bytes = 1900;
    return limits;
  }
};

TEST_F(PlanLimits, BoundWhatAnImageIs) {
  std::vector<Json> many;
  for (int i = 0; i < 4; ++i) many.push_back(image({std::to_string(i)}));
  const Json wide = index(many);
  ASSERT_TRUE(receive(wide));
  expect_refused(wide, Code::kCorrupt, "it has 4 manifests, more than 3");
  const Json tall = image({"a", "b", "c", "d"});
  ASSERT_TRUE(receive(tall));
  expect_refused(tall, Code::kCorrupt, "it has 4 layers, more than 3");
  const Json heavy =
      image({std::string(4000, 'a'), std::string(4000, 'b')}, kAmd64, Packing::kPlain);
  ASSERT_TRUE(receive(heavy));
  expect_refused(heavy, Code::kCorrupt, "the image has more than");
  many.pop_back();
  for (Json& manifest : many) ASSERT_TRUE(receive(manifest));
  const Json all = index(many);
  ASSERT_TRUE(receive(all));
  expect_refused(all, Code::kCorrupt, "more than 6 documents and layers");
  many.pop_back();
  Json large = many[0];
  large["digest"] = Digest::of(bytes_of("large")).text();
  large["size"] = 1500;
  const Json promising = index({large, many[1]});
  ASSERT_TRUE(receive(promising));
  expect_refused(promising, Code::kCorrupt, "its indexes and manifests are larger");
}

}  // namespace
}  // namespace bulkhead::storage
