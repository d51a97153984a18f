#include "layer.hpp"

#include <gtest/gtest.h>

#include "archives.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

class LayerTest : public testing::Test {
 protected:
  Result<Digest> apply(const std::string& bytes, const std::optional<Digest>& diff_id = {},
                       const Limits& limits = {}) {
    const Path path = dir.path() / "layer";
    EXPECT_TRUE(replace_file(path, bytes));
    DataArea area = *DataArea::create(dir.path() / "disk", limits);
    FileTree tree(limits);
    LayerApplier applier(tree, area, limits, task);
    return applier.apply({"layer 1 of 1", open_file(path), diff_id});
  }

  TempDir dir;
  Task task;
  std::string tar = Tar().file("a", std::string(100000, 'a')).file("b", "b").bytes();
};

TEST_F(LayerTest, HasTheDigestOfItsWholeStreamInEveryPacking) {
  // Bytes behind the archive's end belong to the digest too.
  const std::string padded = tar + std::string(10240, '\0') + "and more";
  for (const Packing packing : {Packing::kPlain, Packing::kGzip, Packing::kZstd}) {
    const auto digest = apply(pack(padded, packing));
    ASSERT_TRUE(digest) << digest.error().message;
    EXPECT_EQ(*digest, Digest::of(bytes_of(padded)));
  }
}

TEST_F(LayerTest, MayBeEmpty) {
  EXPECT_TRUE(apply(std::string(1024, '\0')));
  EXPECT_TRUE(apply(""));
  EXPECT_TRUE(apply(pack(std::string(1024, '\0'), Packing::kGzip)));
}

TEST_F(LayerTest, ThatIsntWhatTheConfigPromisesIsRefused) {
  const auto digest = apply(tar, Digest::of(bytes_of("other")));
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().code, Code::kCorrupt);
  EXPECT_TRUE(digest.error().message.starts_with("layer 1 of 1: its content is sha256:"))
      << digest.error().message;
}

TEST_F(LayerTest, ThatIsCutOffIsRefused) {
  for (const Packing packing : {Packing::kPlain, Packing::kGzip, Packing::kZstd}) {
    const std::string packed = pack(tar, packing);
    const auto digest = apply(packed.substr(0, packed.size() / 2));
    ASSERT_FALSE(digest);
    EXPECT_EQ(digest.error().code, Code::kCorrupt) << digest.error().message;
  }
}

TEST_F(LayerTest, ThatIsABombIsRefused) {
  Limits limits;
  limits.bomb_bytes = kMiB;
  limits.bomb_ratio = 100;
  const std::string bomb =
      pack(Tar().file("zeros", std::string(16 * kMiB, '\0')).bytes(), Packing::kZstd);
  const auto digest = apply(bomb, {}, limits);
  ASSERT_FALSE(digest);
  EXPECT_NE(digest.error().message.find("decompression bomb"), std::string::npos)
      << digest.error().message;
  EXPECT_TRUE(apply(bomb));
}

TEST_F(LayerTest, StopsWhenNobodyWaits) {
  task.cancelled = true;
  const auto digest = apply(tar);
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().code, Code::kRetry);
}

}  // namespace
}  // namespace bulkhead::storage
