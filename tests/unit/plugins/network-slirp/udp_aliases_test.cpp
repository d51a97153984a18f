// One UDP port under several addresses: who came by which, and how many are remembered.
#include "udp_aliases.hpp"

#include <gtest/gtest.h>

#include "frames.hpp"

namespace bulkhead::net::test {
namespace {

struct UdpAliasesTest : testing::Test {
  std::optional<uint16_t> arrived(uint16_t from, uint16_t to) {
    const Buffer frame = build_udp({kGateway.mac, kWeb.mac, kGateway.v4, kWeb.v4}, from, to, {});
    return aliases.arrived(*parse_packet(frame));
  }
  std::optional<uint16_t> leaves_by(uint16_t to) {
    return aliases.leaves_by(*parse_packet(udp(kWeb, kGateway.v4, 53, to)));
  }
  UdpAliases aliases;
};

TEST_F(UdpAliasesTest, TheFirstIsItselfAndTheOthersDiffer) {
  EXPECT_EQ(aliases.add(false, 53), 53);
  EXPECT_EQ(aliases.add(true, 53), 53) << "the other family has ports of its own";
  EXPECT_TRUE(aliases.none());
  const auto second = aliases.add(false, 53);
  const auto third = aliases.add(false, 53);
  ASSERT_TRUE(second && third);
  EXPECT_NE(second, third);
  EXPECT_GE(std::min(*second, *third), UdpAliases::kFirst);
  EXPECT_FALSE(aliases.none());
}

TEST_F(UdpAliasesTest, APortThatIsAnAliasIsPublishedByAnother) {
  aliases.add(false, 53);
  const auto alias = *aliases.add(false, 53);
  const auto other = aliases.add(false, alias);
  ASSERT_TRUE(other);
  EXPECT_NE(other, alias);
  EXPECT_EQ(arrived(1000, alias), 53);
  EXPECT_EQ(arrived(1000, *other), alias);
}

TEST_F(UdpAliasesTest, AnswersLeaveByWhatTheClientCameByLast) {
  aliases.add(false, 53);
  const auto alias = *aliases.add(false, 53);
  EXPECT_FALSE(arrived(1000, 53));
  EXPECT_FALSE(leaves_by(1000));
  EXPECT_EQ(arrived(1000, alias), 53);
  EXPECT_EQ(leaves_by(1000), alias);
  EXPECT_FALSE(leaves_by(1001)) << "somebody else";
  EXPECT_FALSE(arrived(1000, 53));
  EXPECT_FALSE(leaves_by(1000));
}

TEST_F(UdpAliasesTest, TheOldestClientsAreForgotten) {
  aliases.add(false, 53);
  const auto alias = *aliases.add(false, 53);
  arrived(1, alias);
  arrived(2, alias);
  arrived(1, alias);
  for (size_t i = 0; i < UdpAliases::kMost - 1; i++)
    arrived(static_cast<uint16_t>(1000 + i), alias);
  EXPECT_EQ(leaves_by(1), alias);
  EXPECT_FALSE(leaves_by(2));
}

TEST_F(UdpAliasesTest, ThereAreOnlySoMany) {
  aliases.add(false, 53);
  for (int i = UdpAliases::kFirst; i < 65'536; i++) ASSERT_TRUE(aliases.add(false, 53)) << i;
  EXPECT_FALSE(aliases.add(false, 53));
  EXPECT_EQ(aliases.add(false, 54), 54);
}

}  // namespace
}  // namespace bulkhead::net::test
