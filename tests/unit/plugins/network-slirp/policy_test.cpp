// What may go out through the gateway, and to the host by the TAP.
#include <gtest/gtest.h>

#include "frames.hpp"
#include "gateway_policy.hpp"
#include "host_policy.hpp"

namespace bulkhead::net::test {
namespace {

const auto kNow = Answers::Clock::time_point{} + std::chrono::hours(1);

struct PolicyTest : testing::Test {
  Passage judge(GatewayPolicy policy, const Buffer& frame) {
    return policy.judge(*parse_packet(frame), kWeb, kGateway, answers, host, kNow);
  }
  Answers answers;
  HostAddresses host;
  const GatewayPolicy open{}, internal{true, true}, apart{false, false};
};

TEST_F(PolicyTest, TheWorldAndTheHostsLoopbackAreOpen) {
  EXPECT_EQ(judge(open, tcp(kWeb, ip("1.2.3.4"), 1, 80, kSyn)), Passage::kPass);
  EXPECT_EQ(judge(open, tcp(kWeb, kGateway.v4, 1, 80, kSyn)), Passage::kPass);
  EXPECT_EQ(judge(open, tcp(kWeb, *kGateway.v6, 1, 80, kSyn)), Passage::kPass);
}

TEST_F(PolicyTest, TheLoopbackIsNotReachedByOtherNames) {
  for (const char* address :
       {"127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.168.64.255", "192.168.64.9",
        "::1", "::", "ff02::1", "::ffff:127.0.0.1", "fe80::1", "fd00::9"})
    EXPECT_EQ(judge(open, tcp(kWeb, ip(address), 1, 80, kSyn)), Passage::kDrop) << address;
}

TEST_F(PolicyTest, LibslirpsOwnServicesAreNotReached) {
  for (const uint16_t port : {67, 69, 547})
    EXPECT_EQ(judge(open, udp(kWeb, kGateway.v4, 1, port)), Passage::kDrop) << port;
}

TEST_F(PolicyTest, InternalOnlyAnswers) {
  EXPECT_EQ(judge(internal, tcp(kWeb, ip("1.2.3.4"), 1, 80, kSyn)), Passage::kRefuse);
  EXPECT_EQ(judge(internal, tcp(kWeb, kGateway.v4, 1, 80, kSyn)), Passage::kRefuse);
  EXPECT_EQ(judge(internal, tcp(kWeb, kGateway.v4, 1, 53, kSyn)), Passage::kPass);
  EXPECT_EQ(judge(internal, tcp(kWeb, ip("1.2.3.4"), 80, 1, kSyn | kAck)), Passage::kPass);
  EXPECT_EQ(judge(internal, udp(kWeb, ip("1.2.3.4"), 80, 9)), Passage::kRefuse);
  const Buffer question = build_udp({kGateway.mac, kWeb.mac, ip("1.2.3.4"), kWeb.v4}, 9, 80, {});
  answers.asked(*parse_packet(question), kNow);
  EXPECT_EQ(judge(internal, udp(kWeb, ip("1.2.3.4"), 80, 9)), Passage::kPass);
  EXPECT_EQ(judge(internal, udp(kWeb, ip("1.2.3.4"), 80, 10)), Passage::kRefuse);
}

TEST_F(PolicyTest, WithoutTheHostItsOtherAddressesAreClosedToo) {
  host.own.push_back(ip("10.0.0.5"));
  EXPECT_EQ(judge(apart, tcp(kWeb, kGateway.v4, 1, 80, kSyn)), Passage::kRefuse);
  EXPECT_EQ(judge(apart, tcp(kWeb, ip("10.0.0.5"), 1, 80, kSyn)), Passage::kRefuse);
  EXPECT_EQ(judge(apart, tcp(kWeb, ip("10.0.0.6"), 1, 80, kSyn)), Passage::kPass);
}

TEST_F(PolicyTest, NetworksAreApart) {
  host.other_networks.push_back(*parse_subnet("192.168.65.0/24"));
  EXPECT_EQ(judge(open, tcp(kWeb, ip("192.168.65.2"), 1, 80, kSyn)), Passage::kRefuse);
  host.other_networks.push_back(kGateway.subnet);
  EXPECT_EQ(judge(open, tcp(kWeb, kGateway.v4, 1, 80, kSyn)), Passage::kPass);
}

TEST_F(PolicyTest, TheTapLeadsOnlyToItsOwnAddress) {
  const Lease tap{{0x020000000001}, ip("192.168.64.254"), ip("fd00::ffff")};
  const auto may = [&](const Buffer& frame, bool only_answers) {
    return may_reach_host(*parse_packet(frame), tap, only_answers, answers, kNow);
  };
  EXPECT_TRUE(may(tcp(kWeb, tap.v4, 1, 80, kSyn), false));
  EXPECT_FALSE(may(tcp(kWeb, ip("10.0.0.5"), 1, 80, kSyn), false));
  EXPECT_FALSE(may(tcp(kWeb, tap.v4, 1, 80, kSyn), true));
  EXPECT_TRUE(may(tcp(kWeb, tap.v4, 80, 1, kSyn | kAck), true));
  EXPECT_TRUE(may(arp_request(kWeb, tap.v4), true));
  EXPECT_FALSE(may(arp_request(kWeb, ip("10.0.0.5")), true));
}

}  // namespace
}  // namespace bulkhead::net::test
