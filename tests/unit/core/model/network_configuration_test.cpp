#include "model/network_configuration.hpp"
#include "model/network_decide.hpp"
#include "support.hpp"

namespace bulkhead::model {
namespace {

using namespace test;

class NetworkConfigurationTest : public ::testing::Test {
 protected:
  Result<Json> networks(const Json& asked) {
    return networks_of(world_.state(), "web", {{"networks", asked}});
  }
  static Result<Json> ports(const Json& asked, bool has_network = true) {
    return published_ports_of({{"publishedPorts", asked}}, has_network);
  }
  World world_;
};

TEST_F(NetworkConfigurationTest, IsTheDefaultNetworkUnlessAskedOtherwise) {
  EXPECT_THAT(*networks_of(world_.state(), "web", Json::object()), IsEmpty());
  CreateNetwork command;
  command.name = "default";
  world_.take(decide_network_create(world_.state(), command, {}));
  EXPECT_EQ(*networks_of(world_.state(), "web", Json::object()),
            Json::parse(R"([{"network": "default", "options": {"hostname": "web"}}])"));
  EXPECT_THAT(*networks(Json::parse(R"([{"name": "none"}])")), IsEmpty());
  EXPECT_EQ(*networks(Json::parse(R"([{"name": "a", "macAddress": "02-00-00-00-00-0A", "mtu": 65535,
                "ipv4Address": "10.0.0.2", "aliases": ["db"]}])")),
            Json::parse(R"([{"network": "a", "options": {"hostname": "web", "macAddress":
                "02:00:00:00:00:0a", "mtu": 65520, "ipv4Address": "10.0.0.2", "aliases": ["db"]}}])"));
}

TEST_F(NetworkConfigurationTest, RefusesWhatMakesNoSense) {
  for (const char* text :
       {R"([{"name": "none"}, {"name": "a"}])", R"([{"name": "a"}, {"name": "a"}])",
        R"([{"name": "a", "mtu": 1279}])", R"([{"name": "a", "mtu": 65536}])",
        R"([{"name": "a", "macAddress": "x"}])", R"([{"name": "a", "aliases": ["a b"]}])",
        R"([{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"},{"name":"e"},{"name":"f"},
            {"name":"g"},{"name":"h"},{"name":"i"}])"})
    EXPECT_EQ(code_of(networks(Json::parse(text))), Code::kInvalid) << text;
}

TEST_F(NetworkConfigurationTest, PortsHaveDefaults) {
  EXPECT_EQ(*ports(Json::parse(R"([{"hostPort": 8080, "containerPort": 80}])")),
            Json::parse(R"([{"hostAddress": "127.0.0.1", "hostPort": 8080, "containerPort": 80,
                             "proto": "tcp", "count": 1}])"));
}

TEST_F(NetworkConfigurationTest, APortIsPublishedOnce) {
  auto both = [](const char* a, const char* b) {
    return ports(Json::array({Json::parse(a), Json::parse(b)}));
  };
  const char* range = R"({"hostPort": 8000, "containerPort": 80, "count": 10})";
  EXPECT_THAT(message_of(both(range, R"({"hostPort": 8009, "containerPort": 1})")),
              HasSubstr("twice"));
  EXPECT_THAT(message_of(both(
                  range, R"({"hostAddress": "0.0.0.0", "hostPort": 8009, "containerPort": 1})")),
              HasSubstr("twice"));
  EXPECT_TRUE(both(range, R"({"hostPort": 8010, "containerPort": 1})"));
  EXPECT_TRUE(both(range, R"({"hostPort": 8009, "containerPort": 1, "proto": "udp"})"));
  EXPECT_TRUE(both(range, R"({"hostAddress": "::1", "hostPort": 8009, "containerPort": 1})"));
}

TEST_F(NetworkConfigurationTest, PortsAreChecked) {
  for (const char* text :
       {R"({"hostPort": 0, "containerPort": 1})", R"({"hostPort": 1, "containerPort": 65536})",
        R"({"hostPort": 65535, "containerPort": 1, "count": 2})",
        R"({"hostPort": 1, "containerPort": 1, "count": 0})",
        R"({"hostPort": 1, "containerPort": 1, "proto": "sctp"})",
        R"({"hostPort": 1, "containerPort": 1, "hostAddress": "localhost"})"})
    EXPECT_EQ(code_of(ports(Json::array({Json::parse(text)}))), Code::kInvalid) << text;
  EXPECT_EQ(code_of(ports(Json::parse(R"([{"hostPort": 1, "containerPort": 1}])"), false)),
            Code::kInvalid);
  Json many = Json::array();
  for (int port = 1; port <= 65; ++port)
    many.push_back({{"hostPort", port}, {"containerPort", port}});
  EXPECT_THAT(message_of(ports(many)), HasSubstr("at most 64"));
}

TEST_F(NetworkConfigurationTest, SocketsAreAbsolutePathsThatFit) {
  auto sockets = [](const std::string& host, const std::string& container) {
    return published_sockets_of(
        {{"publishedSockets", {{{"hostPath", host}, {"containerPath", container}}}}});
  };
  EXPECT_TRUE(sockets("/tmp/a.sock", "/run/a.sock"));
  EXPECT_EQ(code_of(sockets("a.sock", "/run/a.sock")), Code::kInvalid);
  EXPECT_EQ(code_of(sockets("/" + std::string(107, 'a'), "/run/a.sock")), Code::kInvalid);
}

TEST_F(NetworkConfigurationTest, ExtraHostsHaveNamesAndAddresses) {
  auto hosts = [](const std::string& name, const std::string& address) {
    return extra_hosts_of({{"hosts", {{{"name", name}, {"address", address}}}}});
  };
  EXPECT_TRUE(hosts("db", "10.0.0.1"));
  EXPECT_TRUE(hosts("db", "fd00::1"));
  EXPECT_TRUE(hosts("db", "host-gateway"));
  EXPECT_EQ(code_of(hosts("d b", "10.0.0.1")), Code::kInvalid);
  EXPECT_EQ(code_of(hosts("db\n10.0.0.1 x", "10.0.0.1")), Code::kInvalid);
  EXPECT_EQ(code_of(hosts("db", "elsewhere")), Code::kInvalid);
}

}  // namespace
}  // namespace bulkhead::model
