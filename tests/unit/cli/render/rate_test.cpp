#include "render/rate.hpp"

#include <gtest/gtest.h>

namespace bulkhead::cli {
namespace {

using std::chrono::milliseconds;

Instant at(int ms) {
  return Instant(milliseconds(ms));
}

TEST(Rate, SaysNothingTooSoon) {
  Rate rate;
  EXPECT_EQ(rate.per_second(), 0U);
  rate.note(1000, at(0));
  rate.note(2000, at(400));
  EXPECT_EQ(rate.per_second(), 0U);
  rate.note(3000, at(1000));
  EXPECT_EQ(rate.per_second(), 2000U);
}

TEST(Rate, IsAboutTheLastSeconds) {
  Rate rate;
  for (int ms = 0; ms <= 10000; ms += 500) rate.note(static_cast<uint64_t>(ms) * 100, at(ms));
  for (int ms = 10500; ms <= 20000; ms += 500) rate.note(1'000'000, at(ms));
  EXPECT_EQ(rate.per_second(), 0U) << "it stands still";
}

TEST(Rate, BeginsAnewIfWhatItCountsDoes) {
  Rate rate;
  rate.note(5000, at(0));
  rate.note(9000, at(1000));
  rate.note(10, at(1100));
  EXPECT_EQ(rate.per_second(), 0U);
  rate.note(1010, at(2100));
  EXPECT_EQ(rate.per_second(), 1000U);
}

}  // namespace
}  // namespace bulkhead::cli
