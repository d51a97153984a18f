#include "gateway_policy.hpp"

#include <gtest/gtest.h>

#include "recent_flows.hpp"

namespace bulkhead::network {
namespace {

Packet to(const Address4& address, uint16_t port = 80, uint8_t protocol = kTcp) {
  Packet packet;
  packet.protocol = protocol;
  packet.tcp_flags = kTcpSyn;
  std::copy(address.begin(), address.end(), packet.destination.begin());
  packet.source_port = 4000;
  packet.destination_port = port;
  return packet;
}

GatewayRules rules(bool internal = false, bool host_loopback = true) {
  return {
      internal, host_loopback, {10, 0, 0, 1}, {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
}

const HostAddresses kHost = {{Prefix{false, {192, 0, 2, 7}, 32}},
                             {Prefix{false, {10, 9, 0, 0}, 16}}};

TEST(GatewayPolicy, TheWorldIsOpenUnlessTheNetworkIsInternal) {
  EXPECT_TRUE(may_begin(to({198, 51, 100, 1}), rules(), kHost));
  EXPECT_FALSE(may_begin(to({198, 51, 100, 1}), rules(true), kHost));
}

TEST(GatewayPolicy, TheHostIsOneThingUnderAllItsAddresses) {
  for (Address4 host : {Address4{10, 0, 0, 1}, Address4{192, 0, 2, 7}}) {
    EXPECT_TRUE(may_begin(to(host), rules(), kHost));
    EXPECT_FALSE(may_begin(to(host), rules(false, false), kHost));
    EXPECT_FALSE(may_begin(to(host), rules(true), kHost));
  }
}

TEST(GatewayPolicy, NoHeaderLeadsToTheLoopback) {
  for (Address4 address : {Address4{127, 0, 0, 1}, Address4{0, 0, 0, 0}, Address4{224, 0, 0, 1}})
    EXPECT_FALSE(may_begin(to(address), rules(), kHost));
  Packet six = to({});
  six.v6 = true;
  six.destination = {};
  six.destination[15] = 1;
  EXPECT_FALSE(may_begin(six, rules(), kHost)) << "::1";
  six.destination[10] = six.destination[11] = 0xff;
  EXPECT_FALSE(may_begin(six, rules(), kHost)) << "::ffff:0.0.0.1";
}

TEST(GatewayPolicy, OtherNetworksAreApart) {
  EXPECT_FALSE(may_begin(to({10, 9, 0, 5}), rules(), kHost));
}

TEST(GatewayPolicy, OnlyWhatBeginsIsJudged) {
  Packet packet = to({198, 51, 100, 1});
  EXPECT_TRUE(begins(packet));
  packet.tcp_flags = kTcpSyn | kTcpAck;
  EXPECT_FALSE(begins(packet));
  packet.tcp_flags = kTcpAck;
  EXPECT_FALSE(begins(packet));
  EXPECT_TRUE(begins(to({198, 51, 100, 1}, 80, kUdp)));
}

TEST(GatewayPolicy, NamesAreAskedAtTheGatewayOnly) {
  EXPECT_TRUE(is_name_query(to({10, 0, 0, 1}, 53, kUdp), rules(true)));
  EXPECT_FALSE(is_name_query(to({10, 0, 0, 1}, 54, kUdp), rules()));
  EXPECT_FALSE(is_name_query(to({198, 51, 100, 1}, 53, kUdp), rules()));
}

TEST(RecentFlows, AnAnswerIsWhatComesBackSoon) {
  RecentFlows flows;
  Packet question = to({10, 0, 0, 2}, 53, kUdp);
  question.source = {10, 0, 0, 1};
  flows.begun(question, Milliseconds(0));
  Packet answer = question;
  std::swap(answer.source, answer.destination);
  std::swap(answer.source_port, answer.destination_port);
  EXPECT_TRUE(flows.answers(answer, Milliseconds(1)));
  EXPECT_FALSE(flows.answers(question, Milliseconds(1)));
  EXPECT_FALSE(flows.answers(answer, RecentFlows::kLifetime + Milliseconds(1)));
  for (uint32_t i = 0; i < RecentFlows::kMost; ++i) {
    Packet other = question;
    other.source = {172, 16, uint8_t(i >> 8), uint8_t(i)};
    flows.begun(other, Milliseconds(2));
  }
  EXPECT_FALSE(flows.answers(answer, Milliseconds(3))) << "the oldest is forgotten";
}

}  // namespace
}  // namespace bulkhead::network
