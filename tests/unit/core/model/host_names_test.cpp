#include "model/host_names.hpp"

#include "model/dns_decide.hpp"
#include "model/network_decide.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

class HostNamesTest : public testing::Test {
 protected:
  HostNamesTest() {
    add_network("inner", "192.168.70.0/24", "fd70::/64");
    add_network("outer", "192.168.71.0/24", "fd71::/64");
  }
  void add_network(const std::string& name, const char* subnet, const char* subnet6) {
    CreateNetwork command;
    command.name = name;
    command.subnet = subnet;
    command.subnet_v6 = subnet6;
    world.take(decide_network_create(world.state(), command, {}));
  }
  void add(const std::string& id, const std::vector<std::string>& networks, Json aliases = {}) {
    Json configuration = {{"id", id}, {"networks", Json::array()}};
    for (const std::string& network : networks)
      configuration["networks"].push_back(
          {{"network", network}, {"options", {{"hostname", id}, {"aliases", aliases}}}});
    const Event intent =
        world.take(decide_create(world.state(), {id, configuration, false, "sha256:aa"}, {}));
    world.succeed(intent.seq);
  }
  void add_domain(const char* domain, const char* localhost = "") {
    world.take(decide_dns_create(world.state(), domain, localhost, {}));
  }
  Json names() const { return host_names(world.state())["names"]; }
  // Null: there is no such name.
  Json addresses(const std::string& name) const {
    for (const Json& entry : names())
      if (entry["name"] == name) return entry["addresses"];
    return {};
  }

  World world;
};

TEST_F(HostNamesTest, AreWholeAndOfEveryNetworkAndDomain) {
  add("web", {"inner", "outer"}, {"www"});
  world.start("web");
  EXPECT_TRUE(names().empty()) << "without a domain there are none";
  add_domain("b.test");
  add_domain("a.test");
  const Json both = {"192.168.70.2", "fd70::2", "192.168.71.2", "fd71::2"};
  for (const char* name : {"web.a.test", "web.b.test", "www.a.test", "www.b.test"})
    EXPECT_EQ(addresses(name), both) << name;
  EXPECT_EQ(names().size(), 4u);
  EXPECT_EQ(names()[0]["name"], "web.a.test") << "the one that its addresses have";
  const Json table = host_names(world.state());
  EXPECT_EQ(table["zones"], (Json{"a.test", "b.test"}));
  EXPECT_EQ(table["subnets"],
            (Json{"192.168.70.0/24", "fd70::/64", "192.168.71.0/24", "fd71::/64"}));
}

TEST_F(HostNamesTest, AreThoseOfContainersThatRunOrAreAboutTo) {
  add_domain("test");
  add("web", {"inner"});
  add("idle", {"inner"});
  add("alone", {});
  EXPECT_TRUE(names().empty());
  const Event intent = world.take(decide_start(world.state(), {"web", false}, {}));
  EXPECT_EQ(addresses("web.test").size(), 2u) << "whoever hears that it runs may ask";
  world.fail_with(intent.seq);
  EXPECT_TRUE(names().empty());
  world.start("web");
  world.start("alone");
  EXPECT_EQ(names().size(), 1u);
  world.exit("web", 0);
  EXPECT_TRUE(names().empty());
  world.start("web");
  EXPECT_EQ(names().size(), 1u);
}

TEST_F(HostNamesTest, AnAliasThatTwoHaveIsBothOfThem) {
  add_domain("test");
  for (const char* id : {"db1", "db2"}) {
    add(id, {"inner"}, {"db"});
    world.start(id);
  }
  EXPECT_EQ(addresses("db.test"), (Json{"192.168.70.2", "fd70::2", "192.168.70.3", "fd70::3"}));
}

TEST_F(HostNamesTest, AnAliasTakesNobodysName) {
  add_domain("test");
  add("web", {"inner"});
  add("thief", {"inner"}, {"web"});
  world.start("web");
  const Json own = addresses("web.test");
  world.start("thief");
  EXPECT_EQ(addresses("web.test"), own);
}

TEST_F(HostNamesTest, ADomainOfTheHostIsTheLoopback) {
  add_domain("me.test", "203.0.113.1");
  add("web", {"inner"});
  world.start("web");
  EXPECT_EQ(names(), (Json::array({{{"name", "me.test"}, {"addresses", {"127.0.0.1"}}}})));
  EXPECT_EQ(host_names(world.state())["zones"], (Json{"me.test"}));
}

TEST_F(HostNamesTest, ThePortIsAProperty) {
  EXPECT_EQ(host_names_port(world.state()), 2053);
  for (const auto& [text, port] : {std::pair("0", 0), std::pair("5353", 5353)}) {
    world.append(fact("property/dns.host-port", "property.set",
                      {{"key", "dns.host-port"}, {"value", text}}));
    EXPECT_EQ(host_names_port(world.state()), port);
  }
}

}  // namespace
}  // namespace bulkhead::model
