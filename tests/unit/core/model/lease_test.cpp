#include "model/lease_decide.hpp"
#include "model/network_decide.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

class LeaseTest : public ::testing::Test {
 protected:
  LeaseTest() {
    for (auto [name, subnet] :
         {std::pair("web", "10.1.0.0/24"), std::pair("tiny", "10.2.0.0/29")}) {
      CreateNetwork command;
      command.name = name;
      command.subnet = subnet;
      world_.take(decide_network_create(world_.state(), command, {}));
    }
  }
  static Json on(const std::string& network, Json options = Json::object()) {
    return {{"network", network}, {"options", std::move(options)}};
  }
  Result<Decision> decide(const std::string& id, const Json& networks) {
    return decide_create(
        world_.state(),
        {id,
         {{"id", id}, {"networks", networks.is_object() ? Json::array({networks}) : networks}},
         false,
         "sha256:aa"},
        {});
  }
  Lease join(const std::string& id, const Json& network = on("web")) {
    world_.succeed(world_.take(decide(id, Json::array({network}))).seq);
    return world_.container(id).leases.at(0);
  }
  void remove(const std::string& id) {
    world_.succeed(world_.take(decide_delete(world_.state(), {id}, {})).seq);
  }
  World world_;
};

TEST_F(LeaseTest, IsTheNextAddressWithAMacAndAnIpv6AddressOfTheSameNumber) {
  Lease first = join("c1");
  EXPECT_EQ(first.ipv4, "10.1.0.2");
  EXPECT_EQ(first.mac, "f2:62:0a:01:00:02");
  EXPECT_TRUE(first.ipv6.ends_with("::2")) << first.ipv6;
  EXPECT_EQ(first.mtu, kDefaultMtu);
  EXPECT_EQ(join("c2").ipv4, "10.1.0.3");
}

TEST_F(LeaseTest, StaysOverRestarts) {
  Lease lease = join("c1");
  join("c2");
  world_.start("c1");
  world_.exit("c1", 0);
  world_.start("c1");
  EXPECT_EQ(world_.container("c1").leases.at(0), lease);
}

TEST_F(LeaseTest, AnAddressThatCameFreeIsTakenLast) {
  join("c1", on("tiny"));
  remove("c1");
  EXPECT_EQ(join("c2", on("tiny")).ipv4, "10.2.0.3");
  join("c3", on("tiny"));
  join("c4", on("tiny"));
  EXPECT_EQ(join("c5", on("tiny")).ipv4, "10.2.0.2");
  auto full = decide("c6", Json::array({on("tiny")}));
  EXPECT_EQ(code_of(full), Code::kConflict);
  EXPECT_THAT(message_of(full), HasSubstr("no address left"));
}

TEST_F(LeaseTest, CanBeAskedFor) {
  Lease lease = join(
      "c1", on("web",
               {{"ipv4Address", "10.1.0.77"}, {"macAddress", "02:00:00:00:00:01"}, {"mtu", 1500}}));
  EXPECT_EQ(lease.ipv4, "10.1.0.77");
  EXPECT_EQ(lease.mac, "02:00:00:00:00:01");
  EXPECT_EQ(lease.mtu, 1500);
  EXPECT_THAT(message_of(decide("c2", {on("web", {{"ipv4Address", "10.1.0.77"}})})),
              HasSubstr("belongs to container c1"));
  EXPECT_THAT(message_of(decide("c2", {on("web", {{"macAddress", "02:00:00:00:00:01"}})})),
              HasSubstr("belongs to container c1"));
  EXPECT_THAT(message_of(decide("c2", {on("web", {{"ipv4Address", "10.9.0.1"}})})),
              HasSubstr("not in 10.1.0.0/24"));
  for (const char* reserved : {"10.1.0.0", "10.1.0.1", "10.1.0.254", "10.1.0.255"})
    EXPECT_THAT(message_of(decide("c2", {on("web", {{"ipv4Address", reserved}})})),
                HasSubstr("the gateway's, the host's or the subnet's"));
}

TEST_F(LeaseTest, OneOnEachNetwork) {
  world_.succeed(world_.take(decide("c1", {on("tiny"), on("web")})).seq);
  const ContainerState& container = world_.container("c1");
  ASSERT_EQ(container.leases.size(), 2U);
  EXPECT_EQ(container.lease("tiny")->ipv4, "10.2.0.2");
  EXPECT_EQ(container.lease("web")->ipv4, "10.1.0.2");
  EXPECT_EQ(container.lease("other"), nullptr);
}

TEST_F(LeaseTest, NeedsANetworkThatIsThere) {
  EXPECT_EQ(code_of(decide("c1", {on("other")})), Code::kNotFound);
}

TEST(Mac, IsNormalised) {
  EXPECT_EQ(*normalise_mac("F2-62-0A-01-00-02"), "f2:62:0a:01:00:02");
  for (const char* text : {"", "f2:62:0a:01:00", "f2:62:0a:01:00:0", "f2.62.0a.01.00.02",
                           "f2:62:0a:01:00:0g", "01:00:5e:00:00:01", "00:00:00:00:00:00"})
    EXPECT_EQ(code_of(normalise_mac(text)), Code::kInvalid) << text;
}

}  // namespace
}  // namespace bulkhead::model
