#include "core/plugins/restart_policy.hpp"

#include <gtest/gtest.h>

namespace bulkhead::plugins {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

TEST(RestartPolicy, WaitsLongerEachTimeAndThenParks) {
  RestartPolicy policy;
  const int expected[] = {100, 200, 400, 800, 1600, 3200, 6400, 12'800, 25'600};
  milliseconds now{0};
  for (const int delay : expected) {
    EXPECT_EQ(policy.crashed(now), milliseconds(delay));
    EXPECT_FALSE(policy.parked());
    now += milliseconds(delay);
  }
  EXPECT_EQ(policy.crashed(now), std::nullopt) << "the tenth within ten minutes";
  EXPECT_TRUE(policy.parked());
  EXPECT_EQ(policy.crashed(now + milliseconds(1)), std::nullopt);
}

TEST(RestartPolicy, ForgetsWhatIsLongAgo) {
  RestartPolicy policy;
  for (int i = 0; i < 5; i++) policy.crashed(milliseconds(0));
  EXPECT_EQ(policy.crashed(minutes(10)), milliseconds(3200)) << "just within the window";
  EXPECT_EQ(policy.crashed(minutes(10) + milliseconds(1)), milliseconds(200));
}

TEST(RestartPolicy, NeverParksWhatCrashesRarely) {
  RestartPolicy policy;
  for (int i = 0; i < 1000; i++) {
    EXPECT_TRUE(policy.crashed(minutes(2) * i)) << i;
  }
}

TEST(RestartPolicy, GivesAnotherChance) {
  RestartPolicy policy;
  for (int i = 0; i < 10; i++) policy.crashed(milliseconds(i));
  ASSERT_TRUE(policy.parked());
  policy.forgive();
  EXPECT_EQ(policy.crashed(milliseconds(11)), milliseconds(100));
}

}  // namespace
}  // namespace bulkhead::plugins
