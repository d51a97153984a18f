#include "retry.hpp"

#include <gtest/gtest.h>

namespace bulkhead::registry {
namespace {

TEST(RetryPolicy, WaitsLongerEachTimeAndThenGivesUp) {
  RetryPolicy policy(3);
  EXPECT_EQ(policy.failed({}, 1), milliseconds(250));
  EXPECT_EQ(policy.failed({}, 1), milliseconds(500));
  EXPECT_EQ(policy.failed({}, 0), milliseconds(500));
  EXPECT_EQ(policy.failed({}, 1), std::nullopt);
}

TEST(RetryPolicy, ProgressMakesUpForFailures) {
  RetryPolicy policy(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(policy.failed({}, 0));
    policy.brought(RetryPolicy::kProgress);
  }
  EXPECT_TRUE(policy.failed({}, 0));
  EXPECT_FALSE(policy.failed({}, 0));
}

TEST(RetryPolicy, AByteNowAndThenIsNoProgress) {
  RetryPolicy policy(2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(policy.failed({}, 0));
    policy.brought(1);
  }
  EXPECT_FALSE(policy.failed({}, 0));
}

TEST(RetryPolicy, HasAnEndHoweverMuchComes) {
  RetryPolicy policy(5);
  int tries = 0;
  while (policy.failed({}, 0)) {
    policy.brought(RetryPolicy::kProgress);
    ASSERT_LE(++tries, RetryPolicy::kMostAltogether);
  }
}

TEST(RetryPolicy, TheServersWishIsObeyedUpToAMinute) {
  RetryPolicy policy(5);
  EXPECT_EQ(policy.failed(milliseconds(2'000), 0), milliseconds(2'000));
  EXPECT_EQ(policy.failed(milliseconds(3'600'000), 0), milliseconds(60'000));
}

TEST(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(parse_retry_after("120", 0), milliseconds(120'000));
  EXPECT_EQ(parse_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 10), milliseconds(50'000));
  EXPECT_EQ(parse_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 100), milliseconds(0));
  for (const char* text : {"", "soon", "-5", "12x"})
    EXPECT_EQ(parse_retry_after(text, 0), std::nullopt) << text;
}

TEST(Statuses, ThatPass) {
  for (const int status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(is_passing(status)) << status;
  for (const int status : {400, 401, 403, 404, 416, 501})
    EXPECT_FALSE(is_passing(status)) << status;
}

}  // namespace
}  // namespace bulkhead::registry
