#include "bulkhead/platform.hpp"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(Platform, IsWrittenAsPeopleWriteIt) {
  EXPECT_EQ((Platform{"linux", "arm64", "v8"}.text()), "linux/arm64/v8");
  EXPECT_EQ((Platform{"linux", "amd64", ""}.text()), "linux/amd64");
  EXPECT_EQ(
      Platform::from_json({{"os", "linux"}, {"architecture", "arm"}, {"variant", "v7"}})->text(),
      "linux/arm/v7");
  EXPECT_FALSE(Platform::from_json({{"os", "linux"}}));
  EXPECT_FALSE(Platform::from_json({{"os", "linux"}, {"architecture", ""}}));
  EXPECT_FALSE(Platform::from_json(nullptr));
}

TEST(Platform, SuitsItself) {
  const Platform amd64{"linux", "amd64", ""}, arm64{"linux", "arm64", ""},
      arm64v8{"linux", "arm64", "v8"};
  EXPECT_GT(suitability(amd64, amd64), 0);
  EXPECT_EQ(suitability(amd64, arm64), 0);
  EXPECT_EQ(suitability({"windows", "amd64", ""}, amd64), 0);
  EXPECT_EQ(suitability(arm64v8, arm64), suitability(arm64, arm64));
}

TEST(Platform, RunsWhatWasBuiltForALowerLevelButPrefersItsOwn) {
  const Platform v5{"linux", "arm", "v5"}, v6{"linux", "arm", "v6"}, v7{"linux", "arm", "v7"};
  EXPECT_GT(suitability(v7, v7), suitability(v6, v7));
  EXPECT_GT(suitability(v6, v7), suitability(v5, v7));
  EXPECT_GT(suitability(v5, v7), 0);
  EXPECT_EQ(suitability(v7, v6), 0);
}

}  // namespace
}  // namespace bulkhead
