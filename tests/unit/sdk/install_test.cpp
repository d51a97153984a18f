#include "bulkhead/install.hpp"

#include <gtest/gtest.h>

#include "temporary_directory.hpp"

namespace bulkhead {
namespace {

TEST(Install, IsFoundFromEveryProgramOfIt) {
  const TemporaryDirectory prefix;
  std::filesystem::create_directories(prefix / "libexec/bulkhead/plugins");
  for (const char* program : {"bin/container", "libexec/bulkhead/container-apiserver",
                              "libexec/bulkhead/container-plugin-host"}) {
    const auto install = install_of(prefix / program);
    ASSERT_TRUE(install) << program;
    EXPECT_EQ(install->daemon(), prefix / "libexec/bulkhead/container-apiserver");
    EXPECT_EQ(install->plugin_host(), prefix / "libexec/bulkhead/container-plugin-host");
    EXPECT_EQ(install->plugins(), prefix / "libexec/bulkhead/plugins");
    EXPECT_EQ(install->share(), prefix / "share/bulkhead");
    EXPECT_EQ(install->command(), prefix / "bin/container");
  }
}

TEST(Install, OfAProgramAloneIsAnError) {
  const TemporaryDirectory alone;
  const auto install = install_of(alone / "bin/container");
  ASSERT_FALSE(install);
  EXPECT_EQ(install.error().code, Code::kNotFound);
}

TEST(Install, OfThisBuild) {
  const auto install = find_install();
  ASSERT_TRUE(install) << install.error().message;
  EXPECT_TRUE(std::filesystem::exists(install->plugin_host()));
}

}  // namespace
}  // namespace bulkhead
