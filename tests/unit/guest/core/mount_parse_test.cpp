#include "guest/core/mount_parse.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <optional>

namespace bulkhead::guest {
namespace {

Json one(const char* text) {
  return Json::array({Json::parse(text)});
}

TEST(Networks, HaveACardAddressesAndGateways) {
  auto networks = parse_networks(one(R"({"mac": "f2:62:c0:a8:40:02", "ipv4": "192.168.64.2/24",
      "ipv6": "fd00::2/64", "gateway": "192.168.64.1", "mtu": 1500})"));
  ASSERT_TRUE(networks) << networks.error().message;
  const NetworkSpec& network = networks->front();
  EXPECT_EQ(network.mac[5], 2);
  ASSERT_EQ(network.addresses.size(), 2U);
  EXPECT_EQ(network.addresses[0].prefix, 24);
  EXPECT_EQ(network.addresses[1].family, AF_INET6);
  EXPECT_EQ(network.gateways.size(), 1U);
  EXPECT_EQ(network.mtu, 1500U);
}

TEST(Networks, WhatIsNoAddressIsRefused) {
  for (const char* text :
       {R"({"mac": "f2:62"})", R"({"mac": "f2:62:c0:a8:40:02", "ipv4": "192.168.64.2"})",
        R"({"mac": "f2:62:c0:a8:40:02", "ipv4": "192.168.64.2/33"})",
        R"({"mac": "f2:62:c0:a8:40:02", "ipv6": "192.168.64.2/24"})",
        R"({"mac": "f2:62:c0:a8:40:02", "gateway": "fd00::1"})",
        R"({"mac": "f2:62:c0:a8:40:02", "mtu": 1})", R"(7)"})
    EXPECT_FALSE(parse_networks(one(text))) << text;
  EXPECT_FALSE(parse_networks(Json(7)));
}

TEST(Mounts, HaveATypeASourceAndAPlace) {
  auto mounts = parse_mounts(one(R"({"type": "share", "source": "share0", "destination": "/a/b",
      "readOnly": true, "file": "name"})"));
  ASSERT_TRUE(mounts) << mounts.error().message;
  EXPECT_EQ(mounts->front().type, MountSpec::Type::kShare);
  EXPECT_TRUE(mounts->front().read_only);
  auto tmpfs =
      parse_mounts(one(R"({"type": "tmpfs", "destination": "/t", "sizeBytes": 5, "mode": 448})"));
  ASSERT_TRUE(tmpfs);
  EXPECT_EQ(tmpfs->front().mode, 0700U);
}

TEST(Mounts, AShareIsCarriedBy9pUnlessItIsSaidOtherwise) {
  auto virtiofs = [](const char* transport) {
    auto mounts = parse_mounts(Json::array(
        {{{"type", "share"}, {"source", "a"}, {"destination", "/a"}, {"transport", transport}}}));
    return mounts ? std::optional(mounts->front().virtiofs) : std::nullopt;
  };
  EXPECT_EQ(virtiofs("virtiofs"), true);
  EXPECT_EQ(virtiofs("9p"), false);
  EXPECT_EQ(virtiofs("nfs"), std::nullopt);
  auto silent = parse_mounts(one(R"({"type": "share", "source": "a", "destination": "/a"})"));
  ASSERT_TRUE(silent);
  EXPECT_FALSE(silent->front().virtiofs);
}

TEST(Mounts, WhatMakesNoSenseIsRefused) {
  for (const char* text :
       {R"({"type": "nfs", "source": "a", "destination": "/a"})",
        R"({"type": "disk", "destination": "/a"})", R"({"type": "tmpfs", "destination": "/"})",
        R"({"type": "tmpfs", "destination": "a"})", R"({"type": "tmpfs", "destination": "//"})",
        R"({"type": "tmpfs", "destination": "/a/../.."})", R"({"type": "tmpfs"})",
        R"({"type": "share", "source": "a", "destination": "/a", "file": ".."})",
        R"({"type": "share", "source": "a", "destination": "/a", "file": "a/b"})",
        R"({"type": "share", "source": "a", "destination": "/a", "transport": 9})",
        R"({"type": "tmpfs", "destination": "/a", "mode": 5000})"})
    EXPECT_FALSE(parse_mounts(one(text))) << text;
}

TEST(Mounts, PlacesAreClean) {
  auto place = [](const char* text) {
    auto mounts = parse_mounts(Json::array({{{"type", "tmpfs"}, {"destination", text}}}));
    return mounts ? mounts->front().destination : mounts.error().message;
  };
  EXPECT_EQ(place("/a/"), "/a");
  EXPECT_EQ(place("//a/./b//c/.."), "/a/b");
  EXPECT_EQ(place("/../../a"), "/a");
  EXPECT_EQ(place("/a.../..b"), "/a.../..b");
}

TEST(Sockets, HaveADirectionAndAPlace) {
  auto sockets = parse_sockets(one(R"({"direction": "to-host", "guest": "/run/a.sock", "id": 3})"));
  ASSERT_TRUE(sockets);
  EXPECT_TRUE(sockets->front().to_host);
  EXPECT_EQ(sockets->front().id, 3U);
  for (const char* text : {R"({"direction": "up", "guest": "/a", "id": 3})",
                           R"({"direction": "to-host", "guest": "a", "id": 3})",
                           R"({"direction": "to-host", "guest": "/a", "id": -1})"})
    EXPECT_FALSE(parse_sockets(one(text))) << text;
}

}  // namespace
}  // namespace bulkhead::guest
