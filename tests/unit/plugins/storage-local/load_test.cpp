#include "load.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "archives.hpp"
#include "oci_document.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

const std::string kLayer = Tar().file("bin/sh", "#!\n").bytes();

// Loading must fail with this, and leave nothing.
void expect_refused(const std::string& archive, Code code, const std::string& part,
                    const Limits& limits = {}) {
  Sandbox box(limits);
  const auto loaded = box.load(archive);
  ASSERT_FALSE(loaded) << *loaded;
  EXPECT_EQ(loaded.error().code, code) << loaded.error().message;
  EXPECT_NE(loaded.error().message.find(part), std::string::npos) << loaded.error().message;
  EXPECT_TRUE(loaded.error().message.starts_with("load 'test.tar': ")) << loaded.error().message;
  EXPECT_EQ(box.leftovers(), std::vector<std::string>{});
}

TEST(Load, TakesAnOciArchiveInEveryPacking) {
  for (const Packing inner : {Packing::kPlain, Packing::kGzip, Packing::kZstd}) {
    for (const Packing outer : {Packing::kPlain, Packing::kGzip, Packing::kZstd}) {
      Sandbox box;
      const auto loaded = box.load(pack(simple_archive({kLayer}, "web:1", inner), outer));
      ASSERT_TRUE(loaded) << loaded.error().message;
      const Json& image = (*loaded)["images"][0];
      EXPECT_EQ(image["reference"], "docker.io/library/web:1");
      EXPECT_EQ(image["createdAt"], "2024-05-06T07:08:09Z");
      const auto prepared = box.call(
          "storage.prepare", {{"digest", image["descriptor"]["digest"]}, {"platform", kAmd64}});
      ASSERT_TRUE(prepared);
      EXPECT_EQ(Sandbox::debugfs((*prepared)["disk"].get<std::string>(), "cat /bin/sh"), "#!\n");
    }
  }
}

TEST(Load, ReadsFromAPipe) {
  Sandbox box;
  const std::string archive = simple_archive({Tar().file("f", std::string(300'000, 'f')).bytes()});
  const auto loaded = box.call("storage.load", {{"label", "-"}}, pipe_with(archive));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)["images"].size(), 1u);
}

TEST(Load, TakesADockerArchive) {
  Sandbox box;
  const auto loaded = box.load(docker_archive({kLayer, Tar().file("a").bytes()},
                                              {"web:1", "registry.example:5000/x/web:2"}));
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ((*loaded)["images"].size(), 2u);
  EXPECT_EQ((*loaded)["images"][1]["reference"], "registry.example:5000/x/web:2");
  EXPECT_EQ((*loaded)["images"][0]["descriptor"]["mediaType"], media_type::kManifest);
  EXPECT_EQ((*loaded)["images"][0]["variants"][0]["platform"], kAmd64);
}

TEST(Load, FollowsTheLinksOfOldDockerArchives) {
  Sandbox box;
  const auto loaded = box.load(docker_archive({kLayer, kLayer}, {"web:1"}, true));
  ASSERT_TRUE(loaded) << loaded.error().message;
}

TEST(Load, KeepsIndexesWholeAndUnpacksTheHostsVariant) {
  Sandbox box;
  ImageArchive archive;
  Json manifests = Json::array();
  for (const Json& platform : {kArm64, kAmd64}) {
    Json entry = archive.describe(
        archive.manifest({Tar().file("arch", platform["architecture"].get<std::string>()).bytes()},
                         platform),
        media_type::kManifest);
    entry["platform"] = platform;
    manifests.push_back(entry);
  }
  archive.name(
      archive.describe({{"schemaVersion", 2}, {"manifests", manifests}}, media_type::kIndex),
      "web:multi");
  const auto loaded = box.load(archive.oci());
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)["images"][0]["variants"].size(), 2u);
  const Json digest = (*loaded)["images"][0]["descriptor"]["digest"];
  EXPECT_EQ((*box.call("storage.list", Json::object()))["disks"].size(), 1u);
  const auto arm = box.call("storage.prepare", {{"digest", digest}, {"platform", kArm64}});
  ASSERT_TRUE(arm) << arm.error().message;
  EXPECT_EQ(Sandbox::debugfs((*arm)["disk"].get<std::string>(), "cat /arch"), "arm64");
  const auto other =
      box.call("storage.prepare",
               {{"digest", digest}, {"platform", {{"os", "linux"}, {"architecture", "ppc64le"}}}});
  EXPECT_NE(other.error().message.find("has no content for platform linux/ppc64le; available "
                                       "platforms: linux/arm64, linux/amd64"),
            std::string::npos);
}

TEST(Load, OfTheSameTwiceChangesNothing) {
  Sandbox box;
  const std::string archive = simple_archive({kLayer});
  ASSERT_TRUE(box.load(archive));
  const auto before = box.leftovers();
  ASSERT_TRUE(box.load(archive));
  EXPECT_EQ(box.leftovers(), before);
}

TEST(Load, CompletesABareTagByTheArchivesName) {
  Sandbox box;
  EXPECT_EQ(
      (*box.load(simple_archive({kLayer}, "latest"), "dir/shop.oci.tar"))["images"][0]["reference"],
      "docker.io/library/shop:latest");
  EXPECT_EQ((*box.load(simple_archive({kLayer}, "1.2-slim"), "shop.tar"))["images"][0]["reference"],
            "docker.io/library/shop:1.2-slim");
  EXPECT_EQ((*box.load(simple_archive({kLayer}, "cart"), "shop.tar"))["images"][0]["reference"],
            "docker.io/library/cart:latest");
}

TEST(Load, KeepsAnImageWithoutAUsableName) {
  Sandbox box;
  for (const char* name : {"", "NOT a name"}) {
    const auto loaded = box.load(simple_archive({kLayer}, name));
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_FALSE((*loaded)["images"][0].contains("reference"));
    EXPECT_EQ((*loaded)["skipped"].size(), *name == '\0' ? 0u : 1u);
  }
}

TEST(Load, PrefersContainerdsNameAndTheIndex) {
  Sandbox box;
  ImageArchive archive;
  Json entry = archive.describe(archive.manifest({kLayer}, kAmd64), media_type::kManifest);
  entry["annotations"] = {{annotation::kRefName, "1"},
                          {annotation::kImageName, "docker.io/library/web:1"}};
  archive.index_entries.push_back(entry);
  // What newer `docker save` writes beside it must not be looked at.
  const auto loaded = box.load(archive.oci_with(Tar().file("manifest.json", "[]").bytes()));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)["images"][0]["reference"], "docker.io/library/web:1");
}

TEST(Load, RefusesHostileMembers) {
  const auto with = [](Tar& extra) {
    ImageArchive archive;
    archive.name(archive.describe(archive.manifest({kLayer}, kAmd64), media_type::kManifest),
                 "web");
    return archive.oci_with(extra.bytes());
  };
  expect_refused(with(Tar().file("/etc/cron.d/x", "x")), Code::kCorrupt,
                 "member '/etc/cron.d/x': its name is absolute");
  expect_refused(with(Tar().file("../../x", "x")), Code::kCorrupt,
                 "member '../../x': its name contains '..'");
  expect_refused(with(Tar().file("blobs/sha256/../../x", "x")), Code::kCorrupt,
                 "its name contains '..'");
  expect_refused(with(Tar().symlink("blobs/x", "/etc/passwd")), Code::kCorrupt,
                 "it links out of the archive, to '/etc/passwd'");
  expect_refused(with(Tar().symlink("blobs/x", "../../passwd")), Code::kCorrupt,
                 "it links out of the tree, to '../../passwd'");
  expect_refused(with(Tar().hard_link("x", "../passwd")), Code::kCorrupt,
                 "it is a link to '../passwd'");
  expect_refused(with(Tar().hard_link("x", "/etc/passwd")), Code::kCorrupt,
                 "it links out of the archive");
  expect_refused(with(Tar().device("x", 'b', 8, 0)), Code::kCorrupt,
                 "member 'x': it is a block device, which no image archive needs");
  expect_refused(with(Tar().fifo("x")), Code::kCorrupt, "it is a named pipe");
}

TEST(Load, LeavesHostileMembersOutByForce) {
  Sandbox box;
  ImageArchive archive;
  archive.name(
      archive.describe(archive.manifest({Tar().file("ok").symlink("bad", "../..").bytes()}, kAmd64),
                       media_type::kManifest),
      "web");
  const auto loaded = box.load(
      archive.oci_with(Tar().file("../evil", "x").device("dev", 'c', 1, 3).bytes()), "x.tar", true);
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ((*loaded)["skipped"].size(), 3u);
  EXPECT_EQ((*loaded)["skipped"][0], "member '../evil': its name contains '..'");
  EXPECT_FALSE(std::filesystem::exists(box.root().parent_path() / "evil"));
}

TEST(Load, RefusesHostileLayers) {
  expect_refused(simple_archive({Tar().file("../x").bytes()}), Code::kCorrupt, "layer 1 of 1");
  expect_refused(simple_archive({kLayer, Tar().file("/x").bytes()}), Code::kCorrupt,
                 "member '/x': its name is absolute");
  expect_refused(simple_archive({Tar().symlink("a", "../b").bytes()}), Code::kCorrupt,
                 "image docker.io/library/web:latest: layer 1 of 1");
}

TEST(Load, RefusesContentThatIsntItsName) {
  ImageArchive archive;
  const Json manifest = archive.describe(archive.manifest({kLayer}, kAmd64), media_type::kManifest);
  archive.name(manifest, "web");
  for (auto& [hex, content] : archive.blobs) {
    ImageArchive bent = archive;
    bent.blobs[hex] += " ";
    expect_refused(bent.oci(), Code::kCorrupt,
                   "member 'blobs/sha256/" + hex + "': its content is sha256:");
  }
}

TEST(Load, RefusesArchivesThatLackSomething) {
  ImageArchive archive;
  const Json manifest = archive.describe(archive.manifest({kLayer}, kAmd64), media_type::kManifest);
  archive.name(manifest, "web");
  for (auto& [hex, content] : archive.blobs) {
    ImageArchive bent = archive;
    bent.blobs.erase(hex);
    expect_refused(bent.oci(), Code::kCorrupt, "the archive lacks its");
  }
}

TEST(Load, RefusesALayerThatIsntTheOneOfTheConfig) {
  ImageArchive archive;
  Json manifest = archive.manifest({kLayer}, kAmd64);
  const ImageArchive::Blob other = archive.add_blob(Tar().file("other").bytes());
  manifest["layers"][0]["digest"] = other.digest.text();
  manifest["layers"][0]["size"] = other.size;
  archive.name(archive.describe(manifest, media_type::kManifest), "web");
  expect_refused(archive.oci(), Code::kCorrupt, "but the image's config promises");
}

TEST(Load, RefusesWhatIsTruncated) {
  const std::string archive = simple_archive({Tar().file("f", std::string(50'000, 'f')).bytes()});
  for (const size_t size : {size_t{700}, archive.size() / 3, archive.size() / 2}) {
    expect_refused(archive.substr(0, size), Code::kCorrupt, "");
    const std::string packed = pack(archive, Packing::kGzip);
    expect_refused(packed.substr(0, packed.size() * size / archive.size()), Code::kCorrupt, "");
  }
}

TEST(Load, RefusesWhatIsNoImageArchive) {
  expect_refused(Tar().file("etc/passwd", "root").bytes(), Code::kCorrupt,
                 "it is no image archive");
  expect_refused("", Code::kCorrupt, "it is no image archive");
  expect_refused(std::string(100'000, 'x'), Code::kCorrupt, "");
  expect_refused(Tar().file("index.json", "{").bytes(), Code::kCorrupt, "index.json: ");
  expect_refused(Tar().file("index.json", R"({"manifests":[]})").bytes(), Code::kCorrupt,
                 "index.json names no image");
  expect_refused(Tar().file("manifest.json", "{}").bytes(), Code::kCorrupt, "manifest.json: ");
  expect_refused(Tar().file("manifest.json", R"([{"Config":"x","Layers":[]}])").bytes(),
                 Code::kCorrupt, "names 'x', which isn't in the archive");
}

TEST(Load, KeepsToItsLimits) {
  Limits bombs, members, documents, configs, names, told;
  bombs.bomb_bytes = kMiB;
  bombs.bomb_ratio = 50;
  members.archive_members = 2;
  documents.document_bytes = 100;
  configs.config_bytes = 50;
  names.archive_names = 20;
  told.told_bytes = 50;
  const std::string zeros = Tar().file("z", std::string(8 * kMiB, '\0')).bytes();
  expect_refused(simple_archive({zeros}, "web", Packing::kGzip), Code::kCorrupt,
                 "decompression bomb", bombs);
  expect_refused(pack(simple_archive({zeros}), Packing::kGzip), Code::kCorrupt,
                 "decompression bomb", bombs);
  expect_refused(simple_archive({kLayer}), Code::kCorrupt, "it has more than 2 members", members);
  expect_refused(simple_archive({kLayer}), Code::kCorrupt, "larger than any such document",
                 documents);
  expect_refused(simple_archive({kLayer}), Code::kCorrupt, "its configs are larger", configs);
  expect_refused(simple_archive({kLayer}), Code::kCorrupt, "its members' names have more", names);
  expect_refused(simple_archive({kLayer}), Code::kCorrupt, "too many names for configs", told);
}

// A table of images that its own reader refused would be the end of every image command.
TEST(Load, RefusesMoreNamesThanTheTableCanHold) {
  std::vector<std::string> names;
  for (int i = 0; i < 1025; ++i) names.push_back("web:v" + std::to_string(i));
  expect_refused(docker_archive({kLayer}, names), Code::kCorrupt, "more than 1024 names");
}

TEST(Load, LeavesTheHostItsReserve) {
  Limits limits;
  limits.host_reserve_bytes = uint64_t{1} << 60;
  expect_refused(simple_archive({kLayer}), Code::kNoSpace, "no space for an image", limits);
}

TEST(Load, StopsWhenNobodyWaits) {
  Sandbox box;
  box.task().cancelled = true;
  EXPECT_EQ(box.load(simple_archive({kLayer})).error().code, Code::kRetry);
  EXPECT_EQ(box.leftovers(), std::vector<std::string>{});
}

TEST(Load, MovesANameThatWasElsewhere) {
  Sandbox box;
  ASSERT_TRUE(box.load(simple_archive({kLayer}, "web:1")));
  const auto second = box.load(simple_archive({kLayer, kLayer}, "web:1"));
  ASSERT_TRUE(second);
  const Json list = *box.call("storage.list", Json::object());
  ASSERT_EQ(list["references"].size(), 1u);
  EXPECT_EQ(list["references"][0]["digest"], (*second)["images"][0]["descriptor"]["digest"]);
}

}  // namespace
}  // namespace bulkhead::storage
