// --network and --option: what each key takes, and what can't stand together.
#include "options/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command/table.hpp"

namespace bulkhead::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(Network, ANameIsEnough) {
  const auto network = parse_network("backend");
  ASSERT_TRUE(network);
  EXPECT_EQ(network->name, "backend");
  EXPECT_EQ(network->mac_address + network->ipv4_address, "");
  EXPECT_FALSE(network->mtu);
  EXPECT_TRUE(network->aliases.empty());
}

TEST(Network, TakesEveryKey) {
  const auto network =
      parse_network("backend,mac=02-42-AC-11-00-0F,mtu=1500,ip=192.168.64.9,alias=db,alias=d.b");
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_EQ(network->name, "backend");
  EXPECT_EQ(network->mac_address, "02:42:ac:11:00:0f");
  EXPECT_EQ(network->mtu, 1500U);
  EXPECT_EQ(network->ipv4_address, "192.168.64.9");
  EXPECT_THAT(network->aliases, ElementsAre("db", "d.b"));
}

TEST(Network, TheMtuHasBounds) {
  EXPECT_EQ(parse_network("n,mtu=1280")->mtu, 1280U);
  EXPECT_EQ(parse_network("n,mtu=65535")->mtu, 65535U);
  EXPECT_THAT(parse_network("n,mtu=1279").error().message, HasSubstr("at least 1280"));
  EXPECT_THAT(parse_network("n,mtu=65536").error().message, HasSubstr("at most 65535"));
}

TEST(Network, RefusesMistakes) {
  for (const char* bad : {"",
                          ",mtu=1500",
                          "n,",
                          "n,mac",
                          "n,mac=",
                          "n,mac=02:42:ac:11:00",
                          "n,mac=02:42:ac:11:00:0g",
                          "n,mac=02:42-ac:11:00:02",
                          "n,mac=0242ac110002",
                          "n,mac=02.42.ac.11.00.02",
                          "n,mac=02:42:ac:11:00:02:03",
                          "n,mtu=",
                          "n,mtu=big",
                          "n,ip=",
                          "n,ip=192.168.64",
                          "n,ip=::1",
                          "n,alias=",
                          "n,alias=a b",
                          "n,alias=-a",
                          "n,alias=a..b",
                          "n,colour=red",
                          "n,MTU=1500",
                          "none,mtu=1500"}) {
    const auto network = parse_network(bad);
    ASSERT_FALSE(network) << bad;
    EXPECT_EQ(network.error().code, kUsage) << bad;
    EXPECT_THAT(network.error().message, HasSubstr("--network")) << bad;
  }
}

TEST(Network, AMacIsOneStations) {
  EXPECT_THAT(parse_network("n,mac=01:00:5e:00:00:01").error().message, HasSubstr("group"));
  EXPECT_THAT(parse_network("n,mac=ff:ff:ff:ff:ff:ff").error().message, HasSubstr("group"));
  EXPECT_THAT(parse_network("n,mac=00:00:00:00:00:00").error().message, HasSubstr("no station"));
  EXPECT_TRUE(parse_network("n,mac=00:00:00:00:00:01"));
}

TEST(Network, NoneStandsAlone) {
  EXPECT_EQ(parse_networks({"none"})->size(), 1U);
  EXPECT_FALSE(parse_networks({"none", "backend"}));
  EXPECT_FALSE(parse_networks({"backend", "none"}));
  EXPECT_FALSE(parse_networks({"none", "none"}));
}

TEST(Network, NothingIsGivenTwice) {
  EXPECT_EQ(parse_networks({})->size(), 0U);
  EXPECT_EQ(parse_networks({"a", "b"})->size(), 2U);
  EXPECT_THAT(parse_networks({"a", "b", "a,mtu=1500"}).error().message,
              HasSubstr("--network a is given twice"));
  EXPECT_FALSE(parse_networks({"a,mac=02:00:00:00:00:01", "b,mac=02-00-00-00-00-01"}));
  EXPECT_TRUE(parse_networks({"a,mac=02:00:00:00:00:01", "b,mac=02-00-00-00-00-02"}));
}

TEST(NetworkOption, IsAKeyAndAValue) {
  EXPECT_THAT(*parse_network_options({"mtu=1500", "host-loopback=false", "x=a=b"}),
              ElementsAre(Pair("host-loopback", "false"), Pair("mtu", "1500"), Pair("x", "a=b")));
  for (const char* bad :
       {"", "mtu", "=1500", "mtu=100", "mtu=", "host-loopback=no", "host-loopback="}) {
    const auto options = parse_network_options({bad});
    ASSERT_FALSE(options) << bad;
    EXPECT_EQ(options.error().code, kUsage) << bad;
  }
}

}  // namespace
}  // namespace bulkhead::cli
