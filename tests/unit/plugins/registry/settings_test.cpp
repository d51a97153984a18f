#include "settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace bulkhead::registry {
namespace {

std::string mistake(std::string_view toml) {
  const auto settings = Settings::parse(toml, "/etc/registries.toml");
  return settings ? "none" : settings.error().message;
}

TEST(Settings, HaveDefaults) {
  const auto settings = Settings::parse("", "/etc/registries.toml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->connect_ms, 10'000);
  EXPECT_EQ(settings->stall_ms, 30'000);
  EXPECT_EQ(settings->retries, 5);
  EXPECT_EQ(settings->of("docker.io"), RegistrySettings());
}

TEST(Settings, TakeEverything) {
  const auto settings = Settings::parse(R"(
[transfer]
connect_seconds = 3
stall_seconds = 7
retries = 0

[registry."docker.io"]
mirrors = ["https://mirror.example.com/hub/", "http://127.0.0.1:5000"]
proxy = ""

[registry."host.example:5000"]
scheme = "https"
insecure = true
ca = "certs/../ca.pem"
client_certificate = "/abs/me.pem"
client_key = "me.key"
proxy = "socks5h://me:p@ss@127.0.0.1:1080"

[registry.localhost]
scheme = "http"
)",
                                        "/etc/bulkhead/registries.toml");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->connect_ms, 3000);
  EXPECT_EQ(settings->stall_ms, 7000);
  EXPECT_EQ(settings->retries, 0);
  const RegistrySettings& hub = settings->of("docker.io");
  EXPECT_THAT(hub.mirrors,
              testing::ElementsAre("https://mirror.example.com/hub", "http://127.0.0.1:5000"));
  EXPECT_EQ(hub.proxy, "");
  const RegistrySettings& host = settings->of("HOST.example:5000");
  EXPECT_EQ(host.scheme, Scheme::kHttps);
  EXPECT_TRUE(host.insecure);
  EXPECT_EQ(host.ca, "/etc/bulkhead/ca.pem");
  EXPECT_EQ(host.client_certificate, "/abs/me.pem");
  EXPECT_EQ(host.client_key, "/etc/bulkhead/me.key");
  EXPECT_EQ(host.proxy, "socks5h://me:p@ss@127.0.0.1:1080");
  EXPECT_EQ(settings->of("localhost").scheme, Scheme::kHttp);
  EXPECT_EQ(settings->of("localhost").proxy, std::nullopt);
}

TEST(Settings, RefuseWhatTheyDoNotKnow) {
  EXPECT_EQ(mistake("[transfer]\nretry = 3\n"),
            "/etc/registries.toml:2: there is no key 'retry' in [transfer]; there are "
            "connect_seconds, stall_seconds, retries");
  EXPECT_EQ(mistake("[registry.\"ghcr.io\"]\n\ninsecrue = true\n"),
            "/etc/registries.toml:3: there is no key 'insecrue' in [registry.\"ghcr.io\"]; there "
            "are mirrors, scheme, insecure, ca, client_certificate, client_key, proxy");
  EXPECT_EQ(mistake("[registries.\"ghcr.io\"]\n"),
            "/etc/registries.toml:1: there is no section or key 'registries'; there are [transfer] "
            "and [registry.\"...\"]");
}

TEST(Settings, SayWhatAValueMustBe) {
  const std::string here = "/etc/registries.toml:2: ";
  const std::string hub = "[registry.\"docker.io\"]\n";
  EXPECT_EQ(mistake("[transfer]\nretries = \"5\"\n"),
            here + "retries must be a whole number from 0 to 100");
  EXPECT_EQ(mistake("[transfer]\nstall_seconds = 0\n"),
            here + "stall_seconds must be a whole number from 1 to 3600");
  EXPECT_EQ(mistake(hub + "insecure = \"yes\"\n"), here + "insecure must be true or false");
  EXPECT_EQ(mistake(hub + "scheme = \"auto\"\n"), here + "scheme must be \"http\" or \"https\"");
  EXPECT_EQ(mistake(hub + "ca = \"\"\n"), here + "ca must be the path of a file");
  EXPECT_EQ(mistake(hub + "client_key = \"k\"\n"),
            here + "client_key is of no use without client_certificate");
  const std::string mirrors =
      "mirrors must be a list of addresses like \"https://mirror.example.com\" or "
      "\"http://127.0.0.1:5000\"";
  for (const char* list : {"\"https://m\"", "[\"m.example\"]", "[\"https://u:p@m\"]", "[1]",
                           "[\"https://m?q\"]", "[\"https://\"]"}) {
    EXPECT_EQ(mistake(hub + "mirrors = " + list + "\n"), here + mirrors) << list;
  }
  for (const char* proxy : {"\"127.0.0.1:1080\"", "\"gopher://p\"", "1", "\"http://p/path\""}) {
    EXPECT_EQ(mistake(hub + "proxy = " + proxy + "\n"),
              here +
                  "proxy must be an address like \"http://proxy:3128\" or "
                  "\"socks5h://127.0.0.1:1080\", or \"\" for none")
        << proxy;
  }
}

TEST(Settings, SayHowARegistryIsNamed) {
  const std::string here = "/etc/registries.toml:1: ";
  EXPECT_EQ(mistake("[registry.docker.io]\n"),
            here + "a name with dots stands in quotes, like [registry.\"docker.io\"]");
  EXPECT_EQ(mistake("[registry.\"index.docker.io\"]\n"),
            here +
                "'index.docker.io' must be the registry's name as images have it: "
                "\"docker.io\"");
  EXPECT_EQ(mistake("[registry.\"a b\"]\n"),
            here + "'a b' must be the registry's name as images have it, like \"docker.io\"");
  EXPECT_EQ(mistake("registry = 1\n"),
            here + "registry must be a section like [registry.\"docker.io\"]");
  EXPECT_EQ(mistake("transfer = 1\n"), here + "transfer must be a section, [transfer]");
}

TEST(Settings, NameTheLineThatIsNotToml) {
  const std::string error = mistake("[transfer]\nretries = \n");
  EXPECT_THAT(error, testing::StartsWith("/etc/registries.toml:2: ")) << error;
  EXPECT_THAT(error, testing::Not(testing::HasSubstr("\n")));
}

TEST(Settings, AreReadFromAFileThatNeedNotExist) {
  const Sandbox box;
  EXPECT_EQ(Settings::read(box.path("registries.toml"))->retries, 5);
  const std::string path = box.write("registries.toml", "[transfer]\nretries = 1\n");
  EXPECT_EQ(Settings::read(path)->retries, 1);
  const auto folder = Settings::read(box.path());
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().message, "read " + box.path() + ": Is a directory");
}

}  // namespace
}  // namespace bulkhead::registry
