#include "bulkhead/server_name.hpp"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

std::string name(std::string_view text) {
  const auto server = server_of_login(text);
  return server ? *server : "error: " + server.error().message;
}

TEST(ServerName, DockerHubHasOneNameWhateverItIsCalled) {
  for (const char* text :
       {"docker.io", "index.docker.io", "https://index.docker.io/v1/", "registry-1.docker.io",
        "https://registry-1.docker.io/v2/", "Docker.IO", "https://docker.io"})
    EXPECT_EQ(name(text), "docker.io") << text;
}

TEST(ServerName, IsTheHostInLowerCaseWithItsPort) {
  EXPECT_EQ(name("https://host:5000/"), "host:5000");
  EXPECT_EQ(name("http://Host.Example/v2/"), "host.example");
  EXPECT_EQ(name("GHCR.io"), "ghcr.io");
  EXPECT_EQ(name("localhost"), "localhost");
  EXPECT_EQ(name("[::1]:5000"), "[::1]:5000");
}

TEST(ServerName, IsNoOtherAddress) {
  const std::string invalid = "error: the registry's name is not valid: ";
  EXPECT_EQ(name(""), invalid + "it is not a host");
  EXPECT_EQ(name("https://"), invalid + "it is not a host");
  EXPECT_EQ(name("ghcr.io/me"), invalid + "it has a path");
  EXPECT_EQ(name("ftp://ghcr.io"), invalid + "its scheme is neither http nor https");
  EXPECT_EQ(name("me:secret@ghcr.io"), invalid + "it is not a host");
  EXPECT_EQ(name("ghcr.io\n"), invalid + "it is not a host");
  EXPECT_EQ(name("ghcr.io?x"), invalid + "it is not a host");
}

}  // namespace
}  // namespace bulkhead
