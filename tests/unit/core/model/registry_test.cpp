// What a login and a pull mean before anything is asked of a registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/image_decide.hpp"
#include "model/registry_decide.hpp"

namespace bulkhead::model {
namespace {

using testing::HasSubstr;
using testing::Not;

const Json kHost = {{"os", "linux"}, {"architecture", "amd64"}};

TEST(RegistryLogin, IsOfTheServerAsImagesNameIt) {
  const auto decision =
      decide_registry_login("https://index.docker.io/v1/", "alice", "auto", Origin());
  ASSERT_TRUE(decision) << decision.error().message;
  EXPECT_EQ(decision->front().stream, "registry/docker.io");
  EXPECT_EQ(decision->front().data,
            (Json{{"server", "docker.io"}, {"username", "alice"}, {"scheme", "https"}}));
}

TEST(RegistryLogin, WhoTypesHttpsMeansItUnlessHeSaysOtherwise) {
  const auto scheme = [](const char* server, const char* asked) {
    return decide_registry_login(server, "a", asked, Origin())->front().data["scheme"];
  };
  EXPECT_EQ(scheme("HTTPS://127.0.0.1:5000", "auto"), "https");
  EXPECT_EQ(scheme("127.0.0.1:5000", "auto"), "auto");
  EXPECT_EQ(scheme("https://127.0.0.1:5000", "http"), "http");
  EXPECT_EQ(scheme("http://registry.example", "auto"), "auto") << "never less safe than auto";
}

TEST(RegistryLogin, APasswordInTheServersNameIsNotRecorded) {
  for (const auto& decision :
       {decide_registry_login("alice:secret@ghcr.io", "alice", "auto", Origin()),
        decide_registry_logout("https://alice:secret@ghcr.io", Origin())}) {
    ASSERT_FALSE(decision);
    EXPECT_THAT(decision.error().message, Not(HasSubstr("secret")));
  }
}

TEST(RegistryLogin, AUserNameIsOneWord) {
  for (const char* name : {"", "a b", "a\nb"})
    EXPECT_FALSE(decide_registry_login("ghcr.io", name, "auto", Origin())) << name;
}

TEST(ImagePull, IsOfTheHostsPlatformUnlessTheRequestSaysOtherwise) {
  const auto platform = [](Json request) {
    request["reference"] = "web";
    return decide_image_pull(State(), std::move(request), kHost, Origin())
        ->front()
        .data.value("platform", Json());
  };
  const Json other = {{"os", "linux"}, {"architecture", "arm64"}};
  EXPECT_EQ(platform({}), kHost);
  EXPECT_EQ(platform({{"platform", other}}), other);
  EXPECT_EQ(platform({{"allPlatforms", true}, {"platform", other}}), Json());
}

TEST(ImagePull, BelongsToTheNameInItsOneSpelling) {
  const auto decision = decide_image_pull(State(), {{"reference", "web"}}, kHost, Origin());
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->front().stream, "image/docker.io/library/web:latest");
  EXPECT_FALSE(decide_image_pull(State(), {{"reference", "No Such"}}, kHost, Origin()));
}

TEST(ImagePush, NeedsTheImage) {
  const auto decision = decide_image_push(State(), {{"reference", "web"}}, Origin());
  ASSERT_FALSE(decision);
  EXPECT_EQ(decision.error().code, Code::kNotFound);
}

}  // namespace
}  // namespace bulkhead::model
