#include "credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "sandbox.hpp"

namespace bulkhead::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// No keyring: keyring_test.cpp has those.
class CredentialsTest : public testing::Test {
 protected:
  Result<std::optional<Credential>> find(const std::string& server) {
    return credentials_.find(server);
  }
  std::string user(const std::string& server) {
    const auto found = find(server);
    return !found ? "error: " + found.error().message : *found ? (*found)->username : "none";
  }

  Sandbox box_;
  Variable bus_{"DBUS_SESSION_BUS_ADDRESS", nullptr};
  Variable run_{"XDG_RUNTIME_DIR", nullptr};
  std::vector<std::string> warnings_;
  std::map<std::string, std::string> variables_ = {{"HOME", box_.path("home")}};
  Credentials credentials_{box_.path("root"),
                           [this](const std::string& text) { warnings_.push_back(text); },
                           [this](const char* name) -> const char* {
                             const auto found = variables_.find(name);
                             return found == variables_.end() ? nullptr : found->second.c_str();
                           }};
};

TEST_F(CredentialsTest, AreFoundInOrder) {
  EXPECT_EQ(user("ghcr.io"), "none");
  box_.write("home/.docker/config.json",
             R"({"auths": {"ghcr.io": {"auth": "ZG9ja2VyOng="}}})");  // docker:x
  EXPECT_EQ(user("ghcr.io"), "docker");
  EXPECT_EQ(*credentials_.keep("GHCR.io", {"kept", Secret("x"), false}), "file");
  EXPECT_EQ(user("ghcr.io"), "kept");
  variables_["CONTAINER_REGISTRY_HOST"] = "https://ghcr.io/";
  variables_["CONTAINER_REGISTRY_USER"] = "env";
  variables_["CONTAINER_REGISTRY_TOKEN"] = "t";
  EXPECT_EQ(user("ghcr.io"), "env");
  EXPECT_EQ((*find("ghcr.io"))->password.reveal(), "t");
  EXPECT_EQ(user("docker.io"), "none");
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(CredentialsTest, NeedAWholeEnvironment) {
  variables_["CONTAINER_REGISTRY_HOST"] = "ghcr.io";
  variables_["CONTAINER_REGISTRY_TOKEN"] = "hunter2";
  EXPECT_EQ(user("docker.io"), "none");
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_EQ(user("ghcr.io"), "none");
  variables_["CONTAINER_REGISTRY_HOST"] = "me:hunter2@ghcr.io";
  EXPECT_EQ(user("ghcr.io"), "none");
  EXPECT_THAT(
      warnings_,
      ElementsAre(
          "CONTAINER_REGISTRY_HOST is ignored: it needs CONTAINER_REGISTRY_USER and _TOKEN too",
          "CONTAINER_REGISTRY_HOST is ignored: the registry's name is not valid: it is not a "
          "host"));
}

TEST_F(CredentialsTest, AskDockersHelpersThenItsFile) {
  variables_["DOCKER_CONFIG"] = box_.path("docker");
  box_.helper("gh", "echo '{\"Username\":\"helper\",\"Secret\":\"s\"}'");
  box_.helper("none", "echo credentials not found in native keychain; exit 1");
  box_.helper("broken", "echo hunter2; exit 1");
  const std::string path = box_.write("docker/config.json", R"({"credsStore": "none",
      "credHelpers": {"ghcr.io": "gh", "quay.io": "broken"},
      "auths": {"https://index.docker.io/v1/": {"auth": "ZG9ja2VyOng="}}})");
  EXPECT_EQ(user("ghcr.io"), "helper");
  EXPECT_EQ(user("docker.io"), "docker");
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_EQ(user("quay.io"), "none");
  EXPECT_THAT(warnings_,
              ElementsAre(path + ": ask docker-credential-broken: it ended with status 1"));
}

TEST_F(CredentialsTest, GoOnWithoutABrokenDockerConfig) {
  const std::string path = box_.write("home/.docker/config.json", "{\"auths\": hunter2");
  EXPECT_EQ(user("ghcr.io"), "none");
  EXPECT_THAT(warnings_, ElementsAre(path + " is ignored: not valid JSON (at byte 11)"));
}

TEST_F(CredentialsTest, DoNotGoOnWithoutADamagedStore) {
  ASSERT_TRUE(credentials_.keep("ghcr.io", {"kept", Secret("x"), false}));
  box_.write("root/credentials.enc", "garbage");
  EXPECT_THAT(user("ghcr.io"), testing::StartsWith("error: the logins in "));
  EXPECT_FALSE(credentials_.list());
  EXPECT_FALSE(credentials_.keep("ghcr.io", {"kept", Secret("x"), false}));
}

TEST_F(CredentialsTest, AreListedByServerAndForgotten) {
  for (const char* server : {"quay.io", "index.docker.io", "ghcr.io"})
    ASSERT_TRUE(credentials_.keep(server, {"me", Secret("x"), false}));
  std::vector<std::string> servers;
  const auto logins = credentials_.list();
  for (const Login& login : *logins) servers.push_back(login.server);
  EXPECT_THAT(servers, ElementsAre("docker.io", "ghcr.io", "quay.io"));
  EXPECT_TRUE(*credentials_.forget("https://index.docker.io/v1/"));
  EXPECT_FALSE(*credentials_.forget("docker.io"));
  EXPECT_EQ(credentials_.list()->size(), 2u);
  EXPECT_FALSE(credentials_.find("not a host"));
}

}  // namespace
}  // namespace bulkhead::registry
