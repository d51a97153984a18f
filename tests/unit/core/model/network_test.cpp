#include "model/network_decide.hpp"
#include "model/snapshot.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

class NetworkTest : public ::testing::Test {
 protected:
  Result<Decision> decide(CreateNetwork command) {
    return decide_network_create(world_.state(), command, {});
  }
  void create(const std::string& name, const std::string& subnet = "") {
    CreateNetwork command;
    command.name = name;
    command.subnet = subnet;
    world_.take(decide(command));
  }
  const NetworkState& network(const std::string& name) { return world_.state().networks.at(name); }
  void join(const std::string& id, const std::string& name) {
    Json configuration = {{"id", id},
                          {"networks", {{{"network", name}, {"options", {{"hostname", id}}}}}}};
    world_.succeed(
        world_.take(decide_create(world_.state(), {id, configuration, false, "sha256:aa"}, {}))
            .seq);
  }
  World world_;
};

TEST_F(NetworkTest, GetsTheReferencesSubnetAndThenTheNext) {
  create("default");
  create("other");
  EXPECT_EQ(network("default").subnet.text(), "192.168.64.0/24");
  EXPECT_EQ(network("other").subnet.text(), "192.168.65.0/24");
  EXPECT_FALSE(network("default").subnet_v6.overlaps(network("other").subnet_v6));
  EXPECT_TRUE(network("default").builtin());
}

TEST_F(NetworkTest, AvoidsTheHostsOwnSubnets) {
  CreateNetwork command;
  command.name = "web";
  command.host_subnets = {*parse_subnet4("192.168.0.0/17")};
  world_.take(decide(command));
  EXPECT_EQ(network("web").subnet.text(), "192.168.128.0/24");
}

TEST_F(NetworkTest, TakesThePropertysSubnetOnce) {
  world_.append(fact("property/network.subnet", "property.set",
                     {{"key", "network.subnet"}, {"value", "10.7.0.0/16"}}));
  create("one");
  create("two");
  EXPECT_EQ(network("one").subnet.text(), "10.7.0.0/16");
  EXPECT_EQ(network("two").subnet.text(), "192.168.64.0/24");
}

TEST_F(NetworkTest, ThePropertyMayNameAnyAddressOfTheSubnet) {
  world_.append(fact("property/network.subnet", "property.set",
                     {{"key", "network.subnet"}, {"value", "192.168.100.1/24"}}));
  world_.append(fact("property/network.subnetv6", "property.set",
                     {{"key", "network.subnetv6"}, {"value", "fd00:100::1/64"}}));
  create("web");
  EXPECT_EQ(network("web").subnet.text(), "192.168.100.0/24");
  EXPECT_EQ(network("web").subnet_v6.text(), "fd00:100::/64");
}

TEST_F(NetworkTest, OverlapIsRefusedWithTheNameOfTheOther) {
  create("web", "10.1.0.0/16");
  CreateNetwork command;
  command.name = "db";
  command.subnet = "10.1.2.0/24";
  EXPECT_EQ(code_of(decide(command)), Code::kConflict);
  EXPECT_THAT(message_of(decide(command)), HasSubstr("10.1.0.0/16 of network web"));
  command.subnet = "";
  command.subnet_v6 = network("web").subnet_v6.text();
  EXPECT_THAT(message_of(decide(command)), HasSubstr("of network web"));
}

TEST_F(NetworkTest, DeletionIsAdvisedOnlyWhereItIsPossible) {
  for (const std::string name : {"web", kDefaultNetwork}) {
    create(name);
    CreateNetwork command;
    command.name = name;
    const auto refused = decide(command);
    ASSERT_EQ(code_of(refused), Code::kConflict) << name;
    EXPECT_EQ(refused.error().hint.find("network delete") == std::string::npos,
              name == kDefaultNetwork)
        << refused.error().hint;
  }
}

TEST_F(NetworkTest, NamesLabelsOptionsAndPluginsAreChecked) {
  for (const char* name : {"", "none", "Web", "-web", "web-", "a/b", "a b"}) {
    CreateNetwork command;
    command.name = name;
    EXPECT_EQ(code_of(decide(command)), Code::kInvalid) << name;
  }
  CreateNetwork command;
  command.name = "web";
  command.options = {{"mtu", "1279"}};
  EXPECT_THAT(message_of(decide(command)), HasSubstr("1280 to 65520"));
  command.options = {{"host-loopback", "perhaps"}};
  EXPECT_THAT(message_of(decide(command)), HasSubstr("true or false"));
  command.options = {{"colour", "blue"}};
  EXPECT_THAT(message_of(decide(command)), HasSubstr("no option \"colour\""));
  command.options = {{"mtu", "1500"}, {"host-loopback", "false"}, {"variant", "x"}};
  command.labels = {{"a", 1}};
  EXPECT_THAT(message_of(decide(command)), HasSubstr("label \"a\""));
  command.labels = Json();
  command.plugin = "calico";
  EXPECT_EQ(code_of(decide(command)), Code::kNotFound);
  command.plugin = kNetworkPluginAlias;
  world_.take(decide(command));
  EXPECT_EQ(network("web").mtu(), 1500);
  EXPECT_FALSE(network("web").host_loopback());
  EXPECT_EQ(code_of(decide(command)), Code::kConflict);
}

TEST_F(NetworkTest, StaysWhileAContainerRefersToIt) {
  create("web");
  join("one", "web");
  join("two", "web");
  auto refused = decide_network_delete(world_.state(), "web", {});
  EXPECT_THAT(message_of(refused), HasSubstr("used by one, two"));
  EXPECT_THAT(prunable_networks(world_.state()), IsEmpty());
  for (const char* id : {"one", "two"})
    world_.succeed(world_.take(decide_delete(world_.state(), {id}, {})).seq);
  EXPECT_THAT(prunable_networks(world_.state()), ElementsAre("web"));
  world_.take(decide_network_delete(world_.state(), "web", {}));
  EXPECT_THAT(world_.state().networks, IsEmpty());
  EXPECT_EQ(code_of(decide_network_delete(world_.state(), "web", {})), Code::kNotFound);
}

TEST_F(NetworkTest, TheBuiltinOneStays) {
  create("default");
  EXPECT_EQ(code_of(decide_network_delete(world_.state(), "default", {})), Code::kConflict);
  EXPECT_THAT(prunable_networks(world_.state()), IsEmpty());
}

TEST_F(NetworkTest, ItsViewHasTheReferencesShape) {
  create("web", "10.1.0.0/16");
  Json view = network_view(network("web"));
  EXPECT_EQ(view["id"], "web");
  EXPECT_EQ(view["configuration"]["mode"], "nat");
  EXPECT_EQ(view["status"]["ipv4Gateway"], "10.1.0.1");
  EXPECT_FALSE(view["status"].contains("interface"));
  world_.append(
      fact("network/web", "network.host-started", {{"hostPid", 7}, {"hostSocket", "/s"}}));
  world_.append(fact("network/web", "network.host-ready", {{"interface", "bh-web"}}));
  view = network_view(network("web"));
  EXPECT_EQ(view["status"]["interface"], "bh-web");
  EXPECT_EQ(view["status"]["hostAddress"], "10.1.255.254");
  world_.append(fact("network/web", "network.host-ready", {{"noInterface", "busy"}}));
  view = network_view(network("web"));
  EXPECT_FALSE(view["status"].contains("interface"));
  EXPECT_EQ(view["status"]["noInterface"], "busy");
  world_.append(fact("network/web", "network.host-ended", {{"reason", "not needed"}}));
  EXPECT_FALSE(network("web").host);
  EXPECT_FALSE(network_view(network("web"))["status"].contains("noInterface"));
  EXPECT_FALSE(network_view(network("web"))["status"].contains("interface"));
}

TEST_F(NetworkTest, ASnapshotIsTheState) {
  create("web");
  world_.append(fact("dns/test", "dns.created", {{"localhost", "203.0.113.1"}}));
  world_.append(fact("network/web", "network.host-started",
                     {{"hostPid", 7}, {"hostSocket", "/s"}, {"hostStartTime", 9}}));
  join("one", "web");
  State restored;
  restored.seq = world_.state().seq;
  ASSERT_TRUE(rest_from_snapshot(restored, rest_snapshot(world_.state())));
  restored.containers.emplace(
      "one", *container_from_snapshot(container_snapshot(world_.container("one"))));
  EXPECT_EQ(restored, world_.state());
}

}  // namespace
}  // namespace bulkhead::model
