#include "data_area.hpp"

#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

class DataAreaTest : public testing::Test {
 protected:
  DataAreaTest() : area(*DataArea::create(dir.path() / "disk", {})) {}

  Extents store(const std::string& content) {
    area.begin();
    for (size_t at = 0; at < content.size(); at += 1777) {
      EXPECT_TRUE(area.write(at, bytes_of(std::string_view(content).substr(at, 1777))));
    }
    return *area.end(content.size());
  }

  // What a reader of the finished file system would see.
  std::string read_back(const Extents& extents, size_t size) {
    EXPECT_TRUE(area.flush());
    const std::string disk = *read_small_file(area.path(), kGiB);
    std::string content((size + kBlockBytes - 1) / kBlockBytes * kBlockBytes, '\0');
    for (const Extent& extent : extents) {
      const size_t from = extent.physical * kBlockBytes;
      const size_t bytes = extent.count * kBlockBytes;
      const std::string piece = from < disk.size() ? disk.substr(from, bytes) : "";
      content.replace(extent.logical * kBlockBytes, bytes,
                      piece + std::string(bytes - piece.size(), '\0'));
    }
    return content.substr(0, size);
  }

  TempDir dir;
  DataArea area;
};

std::string noise(size_t size, unsigned seed) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24 | 1);
  return text;
}

TEST_F(DataAreaTest, KeepsFilesInOnePieceEach) {
  const std::string small = noise(100, 1), large = noise(300'000, 2);
  const Extents a = store(small), b = store(large), none = store("");
  ASSERT_EQ(a.size(), 1u);
  ASSERT_EQ(b.size(), 1u);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(b[0].physical, a[0].physical + 1);
  EXPECT_EQ(read_back(a, small.size()), small);
  EXPECT_EQ(read_back(b, large.size()), large);
}

TEST_F(DataAreaTest, GivesLongRunsOfZerosNoBlocks) {
  const std::string content =
      noise(5000, 3) + std::string(3 * kMiB, '\0') + noise(5000, 4) + std::string(2 * kMiB, '\0');
  const uint64_t before = area.next_block();
  const Extents extents = store(content);
  EXPECT_EQ(extents.size(), 2u);
  EXPECT_LE(area.next_block() - before, 5u);
  EXPECT_EQ(read_back(extents, content.size()), content);
}

TEST_F(DataAreaTest, DoesntSplitAFileForShortRunsOfZeros) {
  const std::string content =
      noise(5000, 5) + std::string(100'000, '\0') + noise(5000, 6) + std::string(9000, '\0');
  const Extents extents = store(content);
  EXPECT_EQ(extents.size(), 1u);
  EXPECT_EQ(read_back(extents, content.size()), content);
}

TEST_F(DataAreaTest, SplitsWhatIsLongerThanAnExtent) {
  area.begin();
  const std::string block = noise(kBlockBytes, 7);
  for (uint64_t i = 0; i < 32768 + 10; ++i)
    ASSERT_TRUE(area.write(i * kBlockBytes, bytes_of(block)));
  const Extents extents = *area.end((32768 + 10) * kBlockBytes);
  ASSERT_EQ(extents.size(), 2u);
  EXPECT_EQ(extents[0].count, 32768u);
  EXPECT_EQ(extents[1].logical, 32768u);
}

TEST_F(DataAreaTest, TakesPiecesWithGaps) {
  area.begin();
  const std::string a = noise(10, 8), b = noise(10, 9);
  ASSERT_TRUE(area.write(5000, bytes_of(a)));
  ASSERT_TRUE(area.write(20'000'000, bytes_of(b)));
  const size_t size = 20'000'100;
  const Extents extents = *area.end(size);
  std::string expected(size, '\0');
  expected.replace(5000, 10, a);
  expected.replace(20'000'000, 10, b);
  EXPECT_EQ(read_back(extents, size), expected);
}

TEST_F(DataAreaTest, RefusesToGoBackwards) {
  area.begin();
  ASSERT_TRUE(area.write(10, bytes_of("x")));
  EXPECT_FALSE(area.write(5, bytes_of("y")));
}

TEST_F(DataAreaTest, GivesReleasedBlocksBackToTheHost) {
  const Extents extents = store(noise(8 * kMiB, 10));
  ASSERT_TRUE(area.flush());
  ::fsync(area.fd());
  const uint64_t full = allocated_bytes(area.path());
  ASSERT_TRUE(area.release(extents));
  EXPECT_LT(allocated_bytes(area.path()) + 7 * kMiB, full);
}

TEST(DataArea, IsntBegunOnAFullDisk) {
  const TempDir dir;
  Limits limits;
  limits.host_reserve_bytes = uint64_t{1} << 60;
  const auto area = DataArea::create(dir.path() / "disk", limits);
  ASSERT_FALSE(area);
  EXPECT_EQ(area.error().code, Code::kNoSpace);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "disk"));
}

}  // namespace
}  // namespace bulkhead::storage
