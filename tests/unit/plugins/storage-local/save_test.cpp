#include "save.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "archives.hpp"
#include "oci_document.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

class Save : public testing::Test {
 protected:
  Save() {
    ImageArchive image;
    Json manifests = Json::array();
    for (const Json& platform : {kAmd64, kArm64}) {
      Json entry = image.describe(
          image.manifest({Tar().file("arch", platform["architecture"].get<std::string>()).bytes()},
                         platform),
          media_type::kManifest);
      entry["platform"] = platform;
      manifests.push_back(entry);
    }
    image.name(image.describe({{"schemaVersion", 2}, {"manifests", manifests}}, media_type::kIndex),
               "web:multi");
    digest = (*box.load(image.oci()))["images"][0]["descriptor"]["digest"];
  }

  Result<Json> save(const Json& request) {
    Result<Json> result = box.call("storage.save", request, *create_file(file));
    archive = *read_small_file(file, kGiB);
    return result;
  }
  Json images() const {
    return Json::array({{{"reference", "docker.io/library/web:multi"}, {"digest", digest}}});
  }

  Sandbox box;
  TempDir dir;
  Path file = dir.path() / "out.tar";
  std::string digest;
  std::string archive;
};

TEST_F(Save, GivesBackWhatWasLoaded) {
  const auto saved = save({{"images", images()}});
  ASSERT_TRUE(saved) << saved.error().message;
  EXPECT_EQ((*saved)["bytes"], archive.size());
  Sandbox other;
  const auto loaded = other.load(archive);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)["images"][0]["reference"], "docker.io/library/web:multi");
  EXPECT_EQ((*loaded)["images"][0]["descriptor"]["digest"], digest);
  EXPECT_EQ((*loaded)["images"][0]["variants"].size(), 2u);
}

TEST_F(Save, IsTheSameEachTimeAndEndsInZeros) {
  ASSERT_TRUE(save({{"images", images()}}));
  const std::string first = archive;
  ASSERT_TRUE(save({{"images", images()}}));
  EXPECT_TRUE(first == archive);
  EXPECT_EQ(archive.substr(archive.size() - 1024), std::string(1024, '\0'));
  EXPECT_EQ(archive.size() % 512, 0u);
}

TEST_F(Save, TakesOnePlatformsVariantOnly) {
  const auto saved = save({{"images", images()}, {"platform", kArm64}});
  ASSERT_TRUE(saved) << saved.error().message;
  Sandbox other;
  const auto loaded = other.load(archive);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ((*loaded)["images"][0]["variants"].size(), 1u);
  EXPECT_EQ((*loaded)["images"][0]["variants"][0]["platform"], kArm64);
}

TEST_F(Save, ListsThePlatformsThereAre) {
  const auto saved =
      save({{"images", images()}, {"platform", {{"os", "linux"}, {"architecture", "s390x"}}}});
  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code, Code::kNotFound);
  EXPECT_EQ(saved.error().message,
            "save: image docker.io/library/web:multi has no content for platform linux/s390x; "
            "available platforms: "
            "linux/amd64, linux/arm64");
}

TEST_F(Save, IsReadByOldDockersToo) {
  ASSERT_TRUE(save({{"images", images()}}));
  const std::string list = run_command("tar -xOf '" + file.string() + "' manifest.json").output;
  const Json image = parse_json(list)->at(0);
  EXPECT_EQ(image["RepoTags"], Json::array({"web:multi"}));
  const std::string names = run_command("tar -tf '" + file.string() + "'").output;
  EXPECT_NE(names.find(image["Config"].get<std::string>()), std::string::npos);
  EXPECT_NE(names.find(image["Layers"][0].get<std::string>()), std::string::npos);
}

TEST_F(Save, OfAnUnknownImageFails) {
  const std::string unknown = Digest::of(bytes_of("?")).text();
  EXPECT_EQ(save({{"images", Json::array({{{"digest", unknown}}})}}).error().code, Code::kNotFound);
  EXPECT_EQ(save({{"images", Json::array()}}).error().code, Code::kInvalid);
  EXPECT_EQ(save({{"images", images()}, {"format", "squashfs"}}).error().code, Code::kUnsupported);
}

TEST_F(Save, IntoAClosedPipeFails) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  std::signal(SIGPIPE, SIG_IGN);
  const auto saved = box.call("storage.save", {{"images", images()}}, UniqueFd(ends[1]));
  ASSERT_FALSE(saved);
  EXPECT_NE(saved.error().message.find("Broken pipe"), std::string::npos) << saved.error().message;
}

}  // namespace
}  // namespace bulkhead::storage
