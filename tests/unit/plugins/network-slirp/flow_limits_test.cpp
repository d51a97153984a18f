// What one member may occupy of the gateway.
#include "flow_limits.hpp"

#include <gtest/gtest.h>

#include "frames.hpp"

namespace bulkhead::net::test {
namespace {

struct FlowLimitsTest : testing::Test {
  bool admit(const Buffer& frame) { return flows.admit(*parse_packet(frame), now); }
  FlowLimits flows;
  FlowLimits::Clock::time_point now = FlowLimits::Clock::time_point{} + std::chrono::hours(1);
};

TEST_F(FlowLimitsTest, UdpIsBoundedUntilItIsForgotten) {
  for (size_t i = 0; i < FlowLimits::kMaxUdp; i++)
    ASSERT_TRUE(admit(udp(kWeb, ip("1.2.3.4"), static_cast<uint16_t>(1000 + i), 9)));
  EXPECT_FALSE(admit(udp(kWeb, ip("1.2.3.4"), 60000, 9)));
  EXPECT_TRUE(admit(udp(kWeb, ip("1.2.3.4"), 1000, 9))) << "one that is known";
  now += FlowLimits::kUdpLife * 2;
  EXPECT_TRUE(admit(udp(kWeb, ip("1.2.3.4"), 60000, 9)));
}

}  // namespace
}  // namespace bulkhead::net::test
