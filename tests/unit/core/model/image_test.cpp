#include "model/image_decide.hpp"
#include "model/views.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

constexpr const char* kWeb = "docker.io/library/web:latest";
const std::string kOne = "sha256:" + std::string(64, '1');
const std::string kTwo = "sha256:" + std::string(63, '2') + "0";
const std::string kThree = "sha256:" + std::string(64, '3');

class ImageTest : public ::testing::Test {
 protected:
  const State& state() { return world_.state(); }
  std::string reference_of(std::string_view ref) {
    auto image = find_image(state(), ref);
    return image ? (*image)->reference + "@" + (*image)->digest : image.error().message;
  }
  World world_;
};

TEST_F(ImageTest, ANameMovesAndLeavesTheOldOneDangling) {
  world_.tag(kWeb, kOne);
  world_.tag(kWeb, kTwo);
  EXPECT_EQ(state().images.at(kWeb).digest, kTwo);
  EXPECT_EQ(state().dangling.count(kOne), 1u);
  EXPECT_EQ(state().dangling.at(kOne).reference, "");
  world_.tag("docker.io/library/old:latest", kOne);
  EXPECT_TRUE(state().dangling.empty()) << "named again";
}

TEST_F(ImageTest, AnImageWithAnotherNameDoesNotDangle) {
  world_.tag(kWeb, kOne);
  world_.tag("docker.io/library/web:1", kOne);
  world_.tag(kWeb, kTwo);
  EXPECT_TRUE(state().dangling.empty());
  world_.append(fact("image/x", "image.untagged",
                     {{"reference", "docker.io/library/web:1"}, {"digest", kOne}}));
  EXPECT_EQ(state().dangling.count(kOne), 1u);
  world_.append(fact("image/" + kOne, "image.deleted", {{"digest", kOne}}));
  EXPECT_TRUE(state().dangling.empty());
}

TEST_F(ImageTest, AnImageMayComeWithoutAName) {
  world_.tag("", kOne);
  EXPECT_EQ(state().dangling.count(kOne), 1u);
  EXPECT_EQ(images_view(state())[0]["configuration"]["name"], "");
}

TEST_F(ImageTest, IsFoundByShortNameDigestAndPrefix) {
  world_.tag(kWeb, kOne);
  world_.tag("localhost:5000/web:1", kTwo);
  std::string one = std::string(kWeb) + "@" + kOne;
  EXPECT_EQ(reference_of("web"), one);
  EXPECT_EQ(reference_of("library/web"), one);
  EXPECT_EQ(reference_of("docker.io/library/web:latest"), one);
  EXPECT_EQ(reference_of(kOne), one);
  EXPECT_EQ(reference_of("sha256:1111"), one);
  EXPECT_EQ(reference_of("1111"), one);
  EXPECT_EQ(reference_of("web@" + kOne), one);
  EXPECT_EQ(reference_of("feed1111"), one) << "a variant's manifest digest";
  EXPECT_EQ(reference_of("localhost:5000/web:1"), "localhost:5000/web:1@" + kTwo);
  EXPECT_EQ(reference_of("web:2"), "image not found: web:2");
  EXPECT_EQ(reference_of("111"), "image not found: 111") << "too short for a digest";
  EXPECT_EQ(reference_of("feed"),
            "feed is the beginning of several digests: " + kOne + ", " + kTwo);
  EXPECT_THAT(reference_of("We b"), HasSubstr("is not an image reference"));
}

TEST_F(ImageTest, TheRegistryPropertyCompletesShortNames) {
  world_.tag("quay.io/web:latest", kOne);
  EXPECT_EQ(reference_of("web"), "image not found: web");
  world_.append(fact("property/registry.domain", "property.set",
                     {{"key", "registry.domain"}, {"value", "quay.io"}}));
  EXPECT_EQ(reference_of("web"), "quay.io/web:latest@" + kOne);
}

TEST_F(ImageTest, TagNeedsASourceAndAPlainTarget) {
  EXPECT_EQ(code_of(decide_image_tag(state(), "web", "new", {})), Code::kNotFound);
  world_.tag(kWeb, kOne);
  EXPECT_EQ(code_of(decide_image_tag(state(), "web", "New!", {})), Code::kInvalid);
  EXPECT_EQ(code_of(decide_image_tag(state(), "web", "new@" + kOne, {})), Code::kInvalid);
  auto decision = decide_image_tag(state(), "web", "new", {});
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->front().stream, "image/docker.io/library/new:latest");
  EXPECT_EQ(decision->front().data["digest"], kOne);
  EXPECT_EQ(decision->front().data["target"], "docker.io/library/new:latest");
}

TEST_F(ImageTest, LoadAndImportAreIntentsOnStorage) {
  auto load = decide_image_load(state(), {{"label", "web.tar"}}, {});
  ASSERT_TRUE(load);
  EXPECT_EQ(load->front().stream, "storage/local");
  EXPECT_EQ(load->front().data["label"], "web.tar");
  auto import = decide_image_import(state(), {{"reference", "new"}}, {});
  ASSERT_TRUE(import);
  EXPECT_EQ(import->front().data["reference"], "docker.io/library/new:latest");
  EXPECT_TRUE(decide_image_import(state(), {{"label", "root.tar"}}, {}));
  EXPECT_EQ(code_of(decide_image_import(state(), {{"reference", "NEW"}}, {})), Code::kInvalid);
}

TEST_F(ImageTest, SaveResolvesItsReferencesOnce) {
  world_.tag(kWeb, kOne);
  EXPECT_EQ(code_of(decide_image_save(state(), {{"references", Json::array()}}, {})),
            Code::kInvalid);
  EXPECT_EQ(code_of(decide_image_save(state(), {{"references", {"none"}}}, {})), Code::kNotFound);
  auto save = decide_image_save(state(), {{"references", {"web", "web:latest", "1111"}}}, {});
  ASSERT_TRUE(save);
  EXPECT_EQ(save->front().data["images"], (Json::array({{{"reference", kWeb}, {"digest", kOne}}})));
}

TEST_F(ImageTest, LoadedImagesBecomeFactsCausedByTheOutcome) {
  Json images = Json::array({{{"reference", kWeb}, {"descriptor", {{"digest", kOne}}}},
                             {{"descriptor", {{"digest", kTwo}}}},
                             {{"reference", "broken"}},
                             "nonsense"});
  Decision facts = tagged_facts(images, 0, {});
  ASSERT_EQ(facts.size(), 2u);
  EXPECT_EQ(facts[0].stream, std::string("image/") + kWeb);
  EXPECT_EQ(facts[0].cause_index, 0u);
  EXPECT_EQ(facts[0].data["image"]["descriptor"]["digest"], kOne);
  EXPECT_EQ(facts[1].stream, "image/" + kTwo);
  EXPECT_FALSE(facts[1].data.contains("reference"));
  EXPECT_THAT(tagged_facts(nullptr, 0, {}), IsEmpty());
}

TEST_F(ImageTest, DeletingANameKeepsTheImageForItsOtherName) {
  world_.tag(kWeb, kOne);
  world_.tag("docker.io/library/web:1", kOne);
  auto removal = plan_image_delete(state(), "web", false);
  ASSERT_TRUE(removal);
  EXPECT_THAT(removal->untag, ElementsAre(kWeb));
  EXPECT_THAT(removal->erase, IsEmpty());
  auto whole = plan_image_delete(state(), kOne, false);
  ASSERT_TRUE(whole);
  EXPECT_THAT(whole->untag, ElementsAre("docker.io/library/web:1", kWeb));
  EXPECT_THAT(whole->erase, ElementsAre(kOne));
}

TEST_F(ImageTest, AnImageInUseNeedsForceAndKeepsItsBytes) {
  world_.tag(kWeb, kOne);
  world_.create("db", kOne);
  auto refused = decide_image_delete(state(), "web", false, {});
  EXPECT_EQ(code_of(refused), Code::kConflict);
  EXPECT_EQ(message_of(refused), "image web is used by container db");
  auto forced = plan_image_delete(state(), "web", true);
  ASSERT_TRUE(forced);
  EXPECT_THAT(forced->untag, ElementsAre(kWeb));
  EXPECT_THAT(forced->erase, IsEmpty());
  world_.tag("docker.io/library/web:1", kOne);
  EXPECT_TRUE(plan_image_delete(state(), "web", false)) << "another name still holds it";
}

TEST_F(ImageTest, TheFactsOfARemovalRespectWhatCameSince) {
  world_.tag(kWeb, kOne);
  world_.tag("", kTwo);
  auto decision = decide_image_prune(state(), true, {});
  ASSERT_TRUE(decision);
  ImageRemoval removal = removal_of(decision->front().data);
  EXPECT_THAT(removal.untag, ElementsAre(kWeb));
  EXPECT_THAT(removal.erase, ElementsAre(kOne, kTwo));
  world_.create("db", kOne);
  Decision facts = removal_facts(state(), removal, 0, {});
  ASSERT_EQ(facts.size(), 2u);
  EXPECT_EQ(facts[0].type, "image.untagged");
  EXPECT_EQ(facts[1].stream, "image/" + kTwo);
  EXPECT_EQ(facts[1].type, "image.deleted");
}

TEST_F(ImageTest, PruneTakesDanglingOnesAndWithAllTheUnused) {
  world_.tag(kWeb, kOne);
  world_.tag("", kTwo);
  world_.tag("docker.io/library/used:latest", kThree);
  world_.create("db", kThree);
  EXPECT_THAT(plan_image_prune(state(), false).erase, ElementsAre(kTwo));
  EXPECT_THAT(plan_image_prune(state(), false).untag, IsEmpty());
  EXPECT_THAT(plan_image_prune(state(), true).untag, ElementsAre(kWeb));
  EXPECT_THAT(plan_image_prune(state(), true).erase, ElementsAre(kOne, kTwo));
}

TEST_F(ImageTest, GarbageCollectionKeepsNamedDanglingAndUsed) {
  world_.tag(kWeb, kOne);
  world_.tag("", kTwo);
  world_.create("db", kThree);
  auto decision = decide_storage_gc(state(), true, {});
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->front().data["images"], (Json{kOne, kTwo, kThree}));
  EXPECT_EQ(decision->front().data["references"],
            (Json::array({{{"reference", kWeb}, {"digest", kOne}}})));
  EXPECT_EQ(decision->front().data["containers"], (Json{"db"}));
  EXPECT_EQ(decision->front().data["dryRun"], true);
}

}  // namespace
}  // namespace bulkhead::model
