#include "image_archive.hpp"

#include <gtest/gtest.h>

#include "archives.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

class ImageArchiveTest : public testing::Test {
 protected:
  Result<ArchivedImages> read(const std::string& archive) {
    const UniqueFd fd = file_with(archive);
    Result<ArchiveContents> contents = take_archive(fd.get(), ingest, {}, {}, box.task());
    if (!contents) return tl::unexpected(std::move(contents.error()));
    return read_image_archive(*contents, ingest, "shop.tar", {});
  }

  Sandbox box;
  Ingest ingest{box.store().content, box.store().layout, box.store().limits, box.task()};
};

TEST_F(ImageArchiveTest, JoinsTheNamesOfOneImage) {
  ImageArchive archive;
  const Json manifest = archive.describe(archive.manifest({"x"}, kAmd64), media_type::kManifest);
  for (const char* name : {"web:1", "web:2", "docker.io/library/web:1"})
    archive.name(manifest, name);
  const auto found = read(archive.oci());
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->images.size(), 1u);
  EXPECT_EQ(found->images[0].references,
            (std::vector<std::string>{"docker.io/library/web:1", "docker.io/library/web:2"}));
}

TEST_F(ImageArchiveTest, WritesAManifestForADockerImage) {
  const auto found = read(docker_archive(
      {Tar().file("a").bytes(), pack(Tar().file("b").bytes(), Packing::kGzip)}, {"web"}));
  ASSERT_TRUE(found) << found.error().message;
  const Json manifest = *ingest.document(found->images[0].digest, {});
  EXPECT_EQ(manifest["mediaType"], media_type::kManifest);
  EXPECT_EQ(manifest["layers"][0]["mediaType"], "application/vnd.oci.image.layer.v1.tar");
  EXPECT_EQ(manifest["layers"][1]["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");
  EXPECT_EQ(manifest["config"]["mediaType"], media_type::kConfig);
}

TEST_F(ImageArchiveTest, DoesntFollowLinksWithoutEnd) {
  const auto found = read(Tar()
                              .symlink("a", "b")
                              .symlink("b", "a")
                              .file("manifest.json", R"([{"Config":"a","Layers":[]}])")
                              .bytes());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().message, "manifest.json: it names 'a', which isn't in the archive");
}

TEST_F(ImageArchiveTest, TakesWhatStandsThereLast) {
  ImageArchive archive;
  archive.name(archive.describe(archive.manifest({"x"}, kAmd64), media_type::kManifest), "web:1");
  const auto found = read(archive.oci_with(Tar().file("index.json", "{").bytes()));
  ASSERT_TRUE(found) << found.error().message;
}

}  // namespace
}  // namespace bulkhead::storage
