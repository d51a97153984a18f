#include "requests.hpp"

#include <gtest/gtest.h>

namespace bulkhead::network {
namespace {

using Json = nlohmann::json;

const Json kCreate = {{"network", "web"},        {"subnet", "10.1.0.0/16"}, {"gateway", "10.1.0.1"},
                      {"subnetV6", "fd01::/64"}, {"gatewayV6", "fd01::1"},  {"mtu", 1500},
                      {"internal", true},        {"tap", "bh-web"}};

TEST(NetworkRequests, APlanIsRead) {
  auto plan = parse_create(kCreate);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->gateway.prefix, 16);
  EXPECT_EQ(plan->gateway.mtu, 1500);
  EXPECT_TRUE(plan->rules.internal);
  EXPECT_EQ(address_text(plan->tap4), "10.1.255.254");
  EXPECT_EQ(address_text(plan->tap6), "fd01::fffe");
}

TEST(NetworkRequests, APlanThatMakesNoSenseIsRefused) {
  for (auto [key, value] : {std::pair<const char*, Json>("subnet", "10.1.0.0"),
                            {"subnet", "10.1.0.0/32"},
                            {"gateway", "here"},
                            {"subnetV6", 7},
                            {"mtu", 100}}) {
    Json body = kCreate;
    body[key] = value;
    EXPECT_FALSE(parse_create(body)) << key;
  }
}

TEST(NetworkRequests, RangesOfPortsAreUnfolded) {
  Json body = {{"container", "web"},
               {"mac", "f2:62:0a:01:00:02"},
               {"ipv4", "10.1.0.2"},
               {"ipv6", "fd01::2"},
               {"names", {"web", 7}},
               {"ports",
                {{{"hostAddress", "::1"},
                  {"hostPort", 8000},
                  {"containerPort", 80},
                  {"proto", "udp"},
                  {"count", 2}}}}};
  auto attach = parse_attach(body);
  ASSERT_TRUE(attach) << attach.error().message;
  ASSERT_EQ(attach->membership.ports.size(), 2U);
  EXPECT_EQ(attach->membership.ports[1].text(), "[::1]:8001/udp");
  EXPECT_EQ(attach->membership.names.size(), 1U);
  body["ports"][0]["count"] = 60000;
  EXPECT_FALSE(parse_attach(body));
  body["ports"] = Json::array();
  body["mac"] = "f2:62:0a:01:00:0g";
  EXPECT_FALSE(parse_attach(body));
}

}  // namespace
}  // namespace bulkhead::network
