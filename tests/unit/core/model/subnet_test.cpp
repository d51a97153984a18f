#include "model/subnet.hpp"

#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

TEST(Subnet4, IsReadAndWritten) {
  auto subnet = parse_subnet4("192.168.64.0/24");
  ASSERT_TRUE(subnet);
  EXPECT_EQ(subnet->text(), "192.168.64.0/24");
  EXPECT_EQ(subnet->size(), 256U);
  EXPECT_EQ(address4_text(subnet->gateway()), "192.168.64.1");
  EXPECT_EQ(address4_text(subnet->host()), "192.168.64.254");
  EXPECT_TRUE(parse_subnet4("10.0.0.0/8"));
  EXPECT_TRUE(parse_subnet4("10.1.2.248/29"));
}

TEST(Subnet4, WhatIsNoneOrHasNoRoomIsRefused) {
  for (const char* text : {"", "192.168.64.0", "192.168.64.0/", "192.168.64.0/24x", "192.168.64/24",
                           "192.168.64.0/30", "192.168.64.0/7", "192.168.64.0/-1", "0.0.0.0/8",
                           "127.0.0.0/24", "224.0.0.0/24", "fd00::/64"})
    EXPECT_EQ(code_of(parse_subnet4(text)), Code::kInvalid) << text;
  EXPECT_THAT(message_of(parse_subnet4("10.0.0.5/24")), HasSubstr("10.0.0.0/24"));
}

TEST(Subnet4, OverlapsWhatSharesAnAddress) {
  auto of = [](const char* text) { return *parse_subnet4(text); };
  EXPECT_TRUE(of("10.0.0.0/8").overlaps(of("10.9.0.0/24")));
  EXPECT_TRUE(of("10.9.0.0/24").overlaps(of("10.0.0.0/8")));
  EXPECT_TRUE(of("10.9.0.0/24").overlaps(of("10.9.0.0/24")));
  EXPECT_FALSE(of("10.9.0.0/24").overlaps(of("10.9.1.0/24")));
  EXPECT_FALSE(of("10.9.1.0/24").overlaps(of("10.9.0.0/24")));
}

TEST(Subnet6, IsReadAndWritten) {
  auto subnet = parse_subnet6("fd00:1:2:3::/64");
  ASSERT_TRUE(subnet);
  EXPECT_EQ(subnet->text(), "fd00:1:2:3::/64");
  EXPECT_EQ(subnet->address(1), "fd00:1:2:3::1");
  EXPECT_EQ(subnet->address(0x1234'5678), "fd00:1:2:3::1234:5678");
}

TEST(Subnet6, WhatIsNoneIsRefused) {
  for (const char* text : {"", "fd00::", "fd00::/7", "fd00::/120", "fd00::1/64", "fe80::/64",
                           "ff02::/64", "10.0.0.0/24"})
    EXPECT_EQ(code_of(parse_subnet6(text)), Code::kInvalid) << text;
}

TEST(Subnet6, OverlapsWhatHasTheSameStart) {
  auto of = [](const char* text) { return *parse_subnet6(text); };
  EXPECT_TRUE(of("fd00::/48").overlaps(of("fd00:0:0:9::/64")));
  EXPECT_TRUE(of("fd00::/60").overlaps(of("fd00:0:0:f::/64")));
  EXPECT_FALSE(of("fd00::/60").overlaps(of("fd00:0:0:10::/64")));
  EXPECT_FALSE(of("fd00::/64").overlaps(of("fd01::/64")));
}

}  // namespace
}  // namespace bulkhead::model
