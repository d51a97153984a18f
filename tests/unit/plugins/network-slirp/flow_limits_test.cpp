// What one member may occupy of the gateway.
#include "flow_limits.hpp"

#include <gtest/gtest.h>

#include "frames.hpp"

namespace bulkhead::net::test {
namespace {

struct FlowLimitsTest : testing::Test {
  bool admit(const Buffer& frame) { return flows.admit(*parse_packet(frame), now); }
  void seen(uint16_t port, uint8_t flags, uint32_t ack) {
    const Buffer frame =
        build_tcp({kGateway.mac, kWeb.mac, ip("1.2.3.4"), kWeb.v4}, {80, port, 900, ack, flags});
    flows.seen(*parse_packet(frame), now);
  }
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

TEST_F(FlowLimitsTest, ConnectionsAreBoundedAndForgottenWhenReset) {
  for (size_t i = 0; i < FlowLimits::kMaxTcp; i++)
    ASSERT_TRUE(admit(tcp(kWeb, ip("1.2.3.4"), static_cast<uint16_t>(1000 + i), 80, kSyn)) ||
                flows.ahead() == FlowLimits::kMaxAhead);
  for (size_t i = 0; i < FlowLimits::kMaxTcp; i++)
    seen(static_cast<uint16_t>(1000 + i), kRst | kAck, 2);
  EXPECT_EQ(flows.tcp(), 0u);
  EXPECT_EQ(flows.ahead(), 0u);
}

TEST_F(FlowLimitsTest, WhatIsNotAcknowledgedIsBounded) {
  ASSERT_TRUE(admit(tcp(kWeb, ip("1.2.3.4"), 1, 80, kSyn)));
  seen(1, kSyn | kAck, 2);
  EXPECT_EQ(flows.ahead(), 0u);
  size_t taken = 0;
  for (uint32_t i = 0; i < 1000; i++) {
    // One byte each, all ahead of their turn.
    const uint8_t data = 'x';
    Buffer segment = {0, 1, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, kAck, 0, 0, 0, 0, 0, 0, data};
    write32(segment, 4, 100 + i * 2);
    taken += admit(build_ip(from(kWeb, ip("1.2.3.4")), kTcp, segment)) ? 1 : 0;
  }
  EXPECT_EQ(taken, FlowLimits::kMaxAheadPerFlow);
  seen(1, kAck, 5000);
  EXPECT_EQ(flows.ahead(), 0u);
}

TEST_F(FlowLimitsTest, EndsWhatItKnows) {
  ASSERT_TRUE(admit(tcp(kWeb, ip("1.2.3.4"), 1, 80, kSyn, 41)));
  seen(1, kSyn | kAck, 42);
  const auto resets = flows.resets(kWeb, kGateway.mac);
  ASSERT_EQ(resets.size(), 1u);
  const auto packet = parse_packet(resets[0]);
  EXPECT_EQ(packet->seq, 42u);
  EXPECT_EQ(packet->ack, 901u);
  EXPECT_EQ(packet->tcp_flags, kRst | kAck);
}

}  // namespace
}  // namespace bulkhead::net::test
