#include "docker_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::registry {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// base64 of "me:pa:ss"
const std::string kAuth = "bWU6cGE6c3M=";
const Credential kMe{"me", Secret("pa:ss"), false};

DockerLogin login(const std::string& text, const std::string& server) {
  auto parsed = parse_docker_config(text, server);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *parsed : DockerLogin();
}

TEST(DockerConfig, HasLoginsByServer) {
  for (const char* key : {"https://index.docker.io/v1/", "index.docker.io", "docker.io",
                          "registry-1.docker.io", "https://registry-1.docker.io/v2/"}) {
    const std::string text =
        R"({"auths": {")" + std::string(key) + R"(": {"auth": ")" + kAuth + R"("}}})";
    EXPECT_EQ(login(text, "docker.io").stored, kMe) << key;
    EXPECT_FALSE(login(text, "ghcr.io").stored) << key;
  }
  for (const char* key : {"host:5000", "https://host:5000/v2/", "http://HOST:5000"}) {
    const std::string text =
        R"({"auths": {")" + std::string(key) + R"(": {"auth": ")" + kAuth + R"("}}})";
    EXPECT_EQ(login(text, "host:5000").stored, kMe) << key;
    EXPECT_FALSE(login(text, "host").stored) << key;
  }
}

TEST(DockerConfig, PrefersTheKeyThatDockerWrites) {
  const std::string text = R"({"auths": {"docker.io": {"auth": "eDp5"},
      "https://index.docker.io/v1/": {"auth": ")" +
                           kAuth + R"("}}})";
  EXPECT_EQ(login(text, "docker.io").stored, kMe);
}

TEST(DockerConfig, HasIdentityTokens) {
  EXPECT_EQ(login(R"({"auths": {"ghcr.io": {"auth": "bWU6", "identitytoken": "eyJ"}}})", "ghcr.io")
                .stored,
            (Credential{"me", Secret("eyJ"), true}));
  EXPECT_EQ(login(R"({"auths": {"ghcr.io": {"identitytoken": "eyJ"}}})", "ghcr.io").stored,
            (Credential{"<token>", Secret("eyJ"), true}));
}

std::vector<std::string> asked(const DockerLogin& login) {
  std::vector<std::string> asked;
  for (const DockerHelper& helper : login.helpers) asked.push_back(helper.name + " " + helper.key);
  return asked;
}

TEST(DockerConfig, NamesHelpersTheServersOwnFirst) {
  const std::string text = R"({"credsStore": "pass", "credHelpers": {"ghcr.io": "gh"},
      "auths": {"https://quay.io": {}}})";
  EXPECT_THAT(asked(login(text, "ghcr.io")), ElementsAre("gh ghcr.io", "pass ghcr.io"));
  EXPECT_THAT(asked(login(text, "quay.io")), ElementsAre("pass https://quay.io"));
  EXPECT_THAT(asked(login(text, "docker.io")), ElementsAre("pass https://index.docker.io/v1/"));
  EXPECT_THAT(asked(login(R"({"credsStore": ""})", "ghcr.io")), IsEmpty());
}

TEST(DockerConfig, MayBeBrokenInPartsThatAreTold) {
  const auto broken = [](const char* text) { return login(text, "ghcr.io").broken; };
  EXPECT_THAT(broken(R"({"auths": 1})"), ElementsAre("auths is not an object"));
  EXPECT_THAT(broken(R"({"credsStore": "../sh"})"),
              ElementsAre("credsStore is not the name of a credential helper"));
  EXPECT_THAT(broken(R"({"credHelpers": {"ghcr.io": 1}})"),
              ElementsAre("credHelpers[\"ghcr.io\"] is not the name of a credential helper"));
  for (const char* auth : {"hunter2", "aHVudGVyMg==", "===="}) {
    EXPECT_THAT(
        broken((R"({"auths": {"ghcr.io": {"auth": ")" + std::string(auth) + "\"}}}").c_str()),
        ElementsAre("auths[\"ghcr.io\"].auth is not base64 of user:password"));
  }
  EXPECT_THAT(broken(R"({"auths": {"ghcr.io": 7, "x": {"auth": "?"}}})"), IsEmpty());
}

TEST(DockerConfig, IsAnObject) {
  EXPECT_EQ(parse_docker_config("[]", "ghcr.io").error().message, "it is not a JSON object");
  EXPECT_EQ(parse_docker_config("hunter2", "ghcr.io").error().message,
            "not valid JSON (at byte 1)");
}

}  // namespace
}  // namespace bulkhead::registry
