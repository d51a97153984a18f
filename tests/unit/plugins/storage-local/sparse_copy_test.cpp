#include "sparse_copy.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "limits.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

// 100 MiB with data at the beginning, in the middle and, unaligned, near the end.
void make_sparse(const Path& path) {
  const UniqueFd fd = std::move(*create_file(path));
  for (const uint64_t offset : {uint64_t{0}, 50 * kMiB, 100 * kMiB - 7}) {
    ASSERT_TRUE(
        write_at(fd.get(), bytes_of("data at " + std::to_string(offset)).first(7), offset, "test"));
  }
}

TEST(SparseCopy, CopiesDataAndKeepsHoles) {
  const TempDir dir;
  const Path from = dir.path() / "from", to = dir.path() / "to";
  make_sparse(from);
  ASSERT_TRUE(clone_file(from, to));
  EXPECT_EQ(run_command("cmp '" + from.string() + "' '" + to.string() + "'").status, 0);
  EXPECT_LT(allocated_bytes(to), kMiB);
  EXPECT_FALSE(std::filesystem::exists(to.string() + ".tmp"));
}

TEST(SparseCopy, WorksWithoutSharedBlocks) {
  const TempDir dir;
  const Path from = dir.path() / "from", to = dir.path() / "to";
  make_sparse(from);
  const UniqueFd in = std::move(*open_for_reading(from)), out = std::move(*create_file(to));
  ASSERT_TRUE(copy_data_segments(in.get(), out.get(), size_of_file(from), "test"));
  EXPECT_EQ(run_command("cmp '" + from.string() + "' '" + to.string() + "'").status, 0);
  EXPECT_LT(allocated_bytes(to), kMiB);
}

TEST(SparseCopy, CopiesAFileThatIsOneHole) {
  const TempDir dir;
  const UniqueFd fd = std::move(*create_file(dir.path() / "from"));
  ASSERT_EQ(::ftruncate(fd.get(), 10 * kMiB), 0);
  ASSERT_TRUE(clone_file(dir.path() / "from", dir.path() / "to"));
  EXPECT_EQ(size_of_file(dir.path() / "to"), 10 * kMiB);
}

TEST(SparseCopy, LeavesNothingOnFailure) {
  const TempDir dir;
  const Status copied = clone_file(dir.path() / "missing", dir.path() / "to");
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().code, Code::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

}  // namespace
}  // namespace bulkhead::storage
