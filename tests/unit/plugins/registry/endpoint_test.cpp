#include "endpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::registry {
namespace {

Remote remote(const std::string& reference, const std::string& scheme = "auto") {
  return {*parse_reference(reference), scheme, "test"};
}

std::string base(const std::string& reference, const std::string& toml = {},
                 const std::string& scheme = "auto") {
  const auto settings = Settings::parse(toml, "/etc/registries.toml");
  EXPECT_TRUE(settings) << settings.error().message;
  return endpoints_of(remote(reference, scheme), *settings, false).back().base;
}

TEST(Endpoint, DockerHubHasAnotherAddressThanName) {
  const auto all = endpoints_of(remote("web"), Settings(), true);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].base, "https://registry-1.docker.io");
  EXPECT_EQ(all[0].server, "docker.io");
}

TEST(Endpoint, AutoIsHttpForWhatIsNear) {
  EXPECT_EQ(base("127.0.0.1:5000/web"), "http://127.0.0.1:5000");
  EXPECT_EQ(base("localhost/web"), "http://localhost");
  EXPECT_EQ(base("10.1.2.3/web"), "http://10.1.2.3");
  EXPECT_EQ(base("172.31.0.1:80/web"), "http://172.31.0.1:80");
  EXPECT_EQ(base("192.168.0.9/web"), "http://192.168.0.9");
  EXPECT_EQ(base("[::1]:5000/web"), "http://[::1]:5000");
  EXPECT_EQ(base("[fd00::5]/web"), "http://[fd00::5]");
  EXPECT_EQ(base("registry.test/web"), "http://registry.test");
}

TEST(Endpoint, AutoIsHttpsForAllOthers) {
  EXPECT_EQ(base("172.32.0.1/web"), "https://172.32.0.1");
  EXPECT_EQ(base("11.0.0.1/web"), "https://11.0.0.1");
  EXPECT_EQ(base("ghcr.io/a/web"), "https://ghcr.io");
  EXPECT_EQ(base("latest.contest/web"), "https://latest.contest") << "no domain below .test";
  EXPECT_EQ(base("[2001:db8::1]/web"), "https://[2001:db8::1]");
}

TEST(Endpoint, TheRequestWinsOverTheSettingsAndBothOverAuto) {
  EXPECT_EQ(base("ghcr.io/web", "[registry.\"ghcr.io\"]\nscheme = \"http\"\n", "https"),
            "https://ghcr.io");
  EXPECT_EQ(base("ghcr.io/web", "[registry.\"ghcr.io\"]\nscheme = \"http\"\n"), "http://ghcr.io");
  EXPECT_EQ(base("127.0.0.1/web", "[registry.\"127.0.0.1\"]\nca = \"/ca.pem\"\n"),
            "https://127.0.0.1");
  EXPECT_EQ(base("127.0.0.1/web", "", "https"), "https://127.0.0.1");
  EXPECT_EQ(base("ghcr.io/web", "", "http"), "http://ghcr.io");
}

TEST(Endpoint, MirrorsComeFirstWithTheirOwnSettings) {
  const auto settings = Settings::parse(
      "[registry.\"docker.io\"]\nmirrors = [\"https://m.example/p\", \"http://127.0.0.1:6000\"]\n"
      "insecure = true\n[registry.\"m.example\"]\nca = \"/m.pem\"\n",
      "/x");
  ASSERT_TRUE(settings) << settings.error().message;
  const auto all = endpoints_of(remote("web"), *settings, true);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].base, "https://m.example/p");
  EXPECT_EQ(all[0].server, "m.example");
  EXPECT_EQ(all[0].transport.ca_file, "/m.pem");
  EXPECT_FALSE(all[0].transport.insecure);
  EXPECT_EQ(all[1].server, "127.0.0.1:6000");
  EXPECT_FALSE(all[2].mirror);
  EXPECT_TRUE(all[2].transport.insecure);
  EXPECT_EQ(endpoints_of(remote("web"), *settings, false).size(), 1u) << "nothing is pushed to one";
}

TEST(Locations, AreResolvedAndOnlyHttpIsFollowed) {
  EXPECT_EQ(resolve_location("http://a/v2/x/uploads/1?s=2", "/v2/y"), "http://a/v2/y");
  EXPECT_EQ(resolve_location("http://a/v2/x", "https://b:8/z?q=1"), "https://b:8/z?q=1");
  for (const char* bad : {"file:///etc/passwd", "gopher://x/", "http://u:p@b/", "ftp://a/b"})
    EXPECT_EQ(resolve_location("http://a/v2/x", bad), "") << bad;
}

TEST(Origins, AreSchemeHostAndPort) {
  EXPECT_EQ(origin_of("https://a.example:443/x"), origin_of("https://a.example/y"));
  EXPECT_NE(origin_of("https://a.example/"), origin_of("http://a.example/"));
  EXPECT_NE(origin_of("http://a.example:81/"), origin_of("http://a.example/"));
  EXPECT_EQ(origin_of("file:///x").scheme, "");
}

}  // namespace
}  // namespace bulkhead::registry
