// The commands of networks and local domains against a canned service, and what a start sends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/session.hpp"

namespace bulkhead::cli {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using testing::Ended;
using ::testing::HasSubstr;
using testing::Session;

const std::string kNetworks = R"([
  {"id": "backend", "configuration": {"name": "backend", "mode": "hostOnly", "labels": {}},
   "status": {"ipv4Subnet": "192.168.65.0/24", "ipv4Gateway": "192.168.65.1"}},
  {"id": "default", "configuration": {"name": "default", "mode": "nat",
   "labels": {"com.apple.container.resource.role": "builtin"}},
   "status": {"ipv4Subnet": "192.168.64.0/24", "ipv4Gateway": "192.168.64.1"}},
  {"id": "other", "configuration": {"name": "other"}, "status": {}}])";

class Networks : public ::testing::Test {
 protected:
  json sent(const std::string& beginning) {
    return json::parse(session_.service.body_of(beginning), nullptr, false);
  }

  Session session_;
};

TEST_F(Networks, ListIsATable) {
  session_.service.answer("GET /v1/networks ", 200, kNetworks);
  EXPECT_EQ(session_.run({"network", "list"}).out,
            "NETWORK  SUBNET\n"
            "backend  192.168.65.0/24\n"
            "default  192.168.64.0/24\n"
            "other\n");
  EXPECT_EQ(session_.run({"n", "ls", "-q"}).out, "backend\ndefault\nother\n");
  EXPECT_EQ(json::parse(session_.run({"n", "list", "--format", "json"}).out),
            json::parse(kNetworks));
  EXPECT_THAT(session_.run({"n", "list", "--format", "toml"}).out, HasSubstr("[[items]]"));
}

TEST_F(Networks, CreateSendsWhatWasGivenAndNothingElse) {
  session_.service.answer("POST /v1/networks ", 201, R"({"id": "backend"})");
  const Ended ended = session_.run({"network", "create", "backend"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out, "backend\n");
  EXPECT_EQ(sent("POST /v1/networks "), (json{{"name", "backend"}}));
}

TEST_F(Networks, CreateWithEverything) {
  session_.service.answer("POST /v1/networks ", 201, R"({"id": "backend"})");
  const Ended ended =
      session_.run({"network", "create", "--internal", "--label", "a=1", "--option", "mtu=1500",
                    "--option", "host-loopback=false", "--plugin", "other-plugin", "--subnet",
                    "192.168.100.0/24", "--subnet-v6", "fd00:1234::/64", "backend"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(sent("POST /v1/networks "),
            (json{{"name", "backend"},
                  {"internal", true},
                  {"labels", {{"a", "1"}}},
                  {"options", {{"mtu", "1500"}, {"host-loopback", "false"}}},
                  {"plugin", "other-plugin"},
                  {"subnet", "192.168.100.0/24"},
                  {"subnetV6", "fd00:1234::/64"}}));
}

TEST_F(Networks, WhatOnlyTheReferencesHostHasIsThisHostsDefault) {
  session_.service.answer("POST /v1/networks ", 201, R"({"id": "backend"})");
  const Ended ended = session_.run({"network", "create", "--plugin", "container-network-vmnet",
                                    "--option", "variant=reserved", "backend"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_THAT(ended.err, HasSubstr("Warning: --option variant"));
  EXPECT_EQ(sent("POST /v1/networks "), (json{{"name", "backend"}}));
}

TEST_F(Networks, CreateRefusesMistakes) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"network", "create"},
                                             {"network", "create", "--option", "mtu=10", "n"},
                                             {"network", "create", "--option", "mtu", "n"},
                                             {"network", "create", "--label", "=1", "n"}}) {
    EXPECT_EQ(session_.run(words).status, 64) << words.back();
  }
  EXPECT_TRUE(session_.service.lines().empty());
}

TEST_F(Networks, DeletePrintsWhatIsGoneAndTellsTheRestInOneSentence) {
  session_.service.answer("DELETE /v1/networks/good", 200, R"({"id": "good"})");
  session_.service.answer("DELETE /v1/networks/used", 409,
                          R"({"status": 409, "detail": "network used is used by web"})");
  session_.service.answer("DELETE /v1/networks/gone", 404,
                          R"({"status": 404, "detail": "network not found: gone"})");
  const Ended ended = session_.run({"network", "rm", "used", "good", "gone", "good"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.out, "good\n");
  EXPECT_EQ(ended.err,
            "Error: delete failed for one or more networks: [\"used\", \"gone\"]\n"
            "network used is used by web; network not found: gone\n");
}

TEST_F(Networks, DeleteAllSparesTheBuiltInOne) {
  session_.service.answer("GET /v1/networks ", 200, kNetworks);
  session_.service.answer("DELETE /v1/networks/backend", 200, R"({"id": "backend"})");
  session_.service.answer("DELETE /v1/networks/other", 404, R"({"status": 404, "detail": "gone"})");
  const Ended ended = session_.run({"network", "delete", "--all"});
  EXPECT_EQ(ended.status, 0) << ended.err;
  EXPECT_EQ(ended.out, "backend\n");
  EXPECT_THAT(
      session_.service.lines(),
      ElementsAre("GET /v1/networks", "DELETE /v1/networks/backend", "DELETE /v1/networks/other"));
}

TEST_F(Networks, DeleteTakesNamesOrAll) {
  EXPECT_EQ(session_.run({"network", "delete"}).status, 64);
  const Ended both = session_.run({"network", "delete", "--all", "backend"});
  EXPECT_EQ(both.status, 64);
  EXPECT_THAT(both.err, HasSubstr("conflict"));
  EXPECT_TRUE(session_.service.lines().empty());
}

TEST_F(Networks, InspectNamesWhatIsMissing) {
  session_.service.answer("GET /v1/networks/backend", 200, R"({"id": "backend"})");
  session_.service.answer("GET /v1/networks/", 404, R"({"status": 404, "detail": "no"})");
  EXPECT_EQ(json::parse(session_.run({"network", "inspect", "backend"}).out),
            (json::array({{{"id", "backend"}}})));
  const Ended missing = session_.run({"network", "inspect", "a", "backend", "b/c"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_EQ(missing.err, "Error: network not found: a, b/c\n");
  EXPECT_EQ(missing.out, "");
}

TEST_F(Networks, PrunePrintsNames) {
  session_.service.answer("POST /v1/networks/prune", 200, R"({"deleted": ["a", "b"]})");
  const Ended ended = session_.run({"network", "prune"});
  EXPECT_EQ(ended.out, "a\nb\n");
  EXPECT_EQ(ended.err, "");
}

TEST_F(Networks, DomainsAreCreatedListedAndDeleted) {
  session_.service.answer("POST /v1/system/dns", 201, R"({"domain": "test"})");
  session_.service.answer("GET /v1/system/dns ", 200, R"(["internal.example", "test"])");
  session_.service.answer("DELETE /v1/system/dns/test", 200, "{}");
  EXPECT_EQ(session_.run({"system", "dns", "create", "test"}).out, "test\n");
  EXPECT_EQ(sent("POST /v1/system/dns"), (json{{"domain", "test"}}));
  EXPECT_EQ(session_.run({"system", "dns", "list"}).out, "DOMAIN\ninternal.example\ntest\n");
  EXPECT_EQ(session_.run({"s", "dns", "ls", "-q"}).out, "internal.example\ntest\n");
  EXPECT_EQ(session_.run({"s", "dns", "ls", "--format", "json"}).out,
            "[\"internal.example\",\"test\"]\n");
  EXPECT_EQ(session_.run({"system", "dns", "rm", "test"}).out, "test\n");
}

TEST_F(Networks, ADomainMayMeanTheHostsLoopback) {
  session_.service.answer("POST /v1/system/dns", 201, "{}");
  EXPECT_EQ(
      session_.run({"system", "dns", "create", "--localhost", "203.0.113.1", "host.example"}).out,
      "host.example\n");
  EXPECT_EQ(sent("POST /v1/system/dns"),
            (json{{"domain", "host.example"}, {"localhost", "203.0.113.1"}}));
  EXPECT_EQ(session_.run({"system", "dns", "create", "--localhost", "::1", "x"}).status, 64);
  EXPECT_EQ(session_.run({"system", "dns", "create", "not a domain"}).status, 64);
}

TEST_F(Networks, AStartSaysWhereTheSshAgentListens) {
  session_.service.answer("POST /v1/containers ", 201, R"({"id": "web"})");
  session_.service.answer("POST /v1/containers/web/start", 200, R"({"id": "web"})");
  session_.environment["SSH_AUTH_SOCK"] = "/tmp/ssh/agent.1";
  EXPECT_EQ(session_.run({"run", "-d", "--ssh", "busybox"}).err, "");
  EXPECT_EQ(sent("POST /v1/containers ")["ssh"], true);
  EXPECT_EQ(sent("POST /v1/containers/web/start"),
            (json{{"attach", false}, {"stdin", false}, {"sshAuthSock", "/tmp/ssh/agent.1"}}));
}

TEST_F(Networks, WithoutAnAgentAStartSaysNothingOfOne) {
  session_.service.answer("POST /v1/containers ", 201, R"({"id": "web"})");
  session_.service.answer("POST /v1/containers/web/start", 200, R"({"id": "web"})");
  session_.environment["SSH_AUTH_SOCK"] = "";
  EXPECT_THAT(session_.run({"run", "-d", "--ssh", "busybox"}).err, HasSubstr("SSH_AUTH_SOCK"));
  EXPECT_EQ(sent("POST /v1/containers/web/start"), (json{{"attach", false}, {"stdin", false}}));
  EXPECT_EQ(session_.run({"start", "web"}).err, "");
}

}  // namespace
}  // namespace bulkhead::cli
