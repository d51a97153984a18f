#include "core/engine/private_directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/sdk/temporary_directory.hpp"

namespace bulkhead::engine {
namespace {

TEST(PrivateDirectory, IsItsOwnersOnly) {
  const TemporaryDirectory directory;
  const std::string path = directory / "root";
  ASSERT_EQ(mkdir(path.c_str(), 0777), 0);
  ASSERT_EQ(chmod(path.c_str(), 0777), 0);
  EXPECT_TRUE(make_private(path));
  struct stat found {};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  EXPECT_EQ(make_private(directory / "other").error().code, Code::kNotFound);
}

TEST(PrivateDirectory, IsNotAnothersEvenForRoot) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  const TemporaryDirectory directory;
  const std::string path = directory / "root";
  ASSERT_EQ(mkdir(path.c_str(), 0700), 0);
  ASSERT_EQ(chown(path.c_str(), 4711, 4711), 0);
  EXPECT_EQ(make_private(path).error().code, Code::kDenied);
}

}  // namespace
}  // namespace bulkhead::engine
