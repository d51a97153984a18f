#include "tsc_rate.hpp"

#include <gtest/gtest.h>

namespace bulkhead::qemu {
namespace {

#if defined(__x86_64__)
TEST(TscRate, IsAPlausibleClock) {
  const uint64_t khz = TscRate().khz();
  EXPECT_GT(khz, 500'000u);
  EXPECT_LT(khz, 10'000'000u);
}

TEST(TscRate, AgreesWithItself) {
  const TscRate rate;
  const auto first = static_cast<double>(rate.khz());
  const auto second = static_cast<double>(TscRate().khz());
  EXPECT_NEAR(first / second, 1.0, 1e-3);
}
#else
TEST(TscRate, IsUnknownElsewhere) {
  EXPECT_EQ(TscRate().khz(), 0u);
}
#endif

}  // namespace
}  // namespace bulkhead::qemu
