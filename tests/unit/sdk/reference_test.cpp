#include "bulkhead/reference.hpp"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

const std::string kHex(64, 'a');
const std::string kDigest = "sha256:" + kHex;

std::string whole(std::string_view text, std::string_view domain = "docker.io") {
  const auto reference = parse_reference(text, domain);
  return reference ? reference->text() : "refused: " + reference.error().message;
}

TEST(Reference, HasOneSpelling) {
  EXPECT_EQ(whole("web"), "docker.io/library/web:latest");
  EXPECT_EQ(whole("web:1.2"), "docker.io/library/web:1.2");
  EXPECT_EQ(whole("team/web"), "docker.io/team/web:latest");
  EXPECT_EQ(whole("docker.io/web"), "docker.io/library/web:latest");
  EXPECT_EQ(whole("index.docker.io/web"), "docker.io/library/web:latest");
  EXPECT_EQ(whole("ghcr.io/team/web:x"), "ghcr.io/team/web:x");
  EXPECT_EQ(whole("localhost/web"), "localhost/web:latest");
  EXPECT_EQ(whole("localhost:5000/web:x"), "localhost:5000/web:x");
  EXPECT_EQ(whole("[::1]:5000/web"), "[::1]:5000/web:latest");
  EXPECT_EQ(whole("Upper/web"), "Upper/web:latest") << "a capital makes it a host";
  EXPECT_EQ(whole("web@" + kDigest), "docker.io/library/web@" + kDigest) << "no tag is added";
  EXPECT_EQ(whole("web:1@" + kDigest), "docker.io/library/web:1@" + kDigest);
  EXPECT_EQ(whole("web", "registry.example.com"), "registry.example.com/web:latest");
  EXPECT_EQ(whole("a/b/c-d__e.f_g--h"), "docker.io/a/b/c-d__e.f_g--h:latest");
}

TEST(Reference, IsRefusedWithAReason) {
  for (const std::string& text : {std::string(),
                                  std::string("Web"),
                                  std::string("a//b"),
                                  std::string("/web"),
                                  std::string("web/"),
                                  std::string("-web"),
                                  std::string("web-"),
                                  std::string("a___b"),
                                  std::string("a..b"),
                                  std::string("a._b"),
                                  std::string("web:"),
                                  std::string("web:.x"),
                                  std::string("web:") + std::string(129, 'x'),
                                  std::string("web@"),
                                  std::string("web@sha256:abc"),
                                  "web@sha256:" + std::string(64, 'A'),
                                  std::string("web@md5"),
                                  kHex,
                                  std::string("host.:1x/web"),
                                  std::string("-h.io/web"),
                                  std::string("h.io:123456/web"),
                                  std::string("h.io:/web"),
                                  std::string("[::1/web"),
                                  std::string("[zz]/web"),
                                  std::string("h\n.io/web"),
                                  std::string("we b"),
                                  std::string("web\0x", 5),
                                  std::string(256, 'a')}) {
    const auto reference = parse_reference(text);
    ASSERT_FALSE(reference) << text;
    EXPECT_EQ(reference.error().code, Code::kInvalid);
    EXPECT_FALSE(reference.error().hint.empty());
  }
}

TEST(Reference, TakesTheLongestNameAndTag) {
  const std::string path(255 - std::string("h.io/").size(), 'a');
  EXPECT_TRUE(parse_reference("h.io/" + path));
  EXPECT_FALSE(parse_reference("h.io/" + path + "a"));
  EXPECT_TRUE(parse_reference("web:" + std::string(128, 'x')));
}

TEST(Reference, IsShownAsItIsTyped) {
  const auto familiar = [](std::string_view text, std::string_view domain = "docker.io") {
    return parse_reference(text, domain)->familiar(domain);
  };
  EXPECT_EQ(familiar("docker.io/library/web:latest"), "web:latest");
  EXPECT_EQ(familiar("docker.io/team/web:1"), "team/web:1");
  EXPECT_EQ(familiar("ghcr.io/team/web:1"), "ghcr.io/team/web:1");
  EXPECT_EQ(familiar("web", "r.example.com"), "web:latest");
  EXPECT_EQ(familiar("docker.io/library/web:1", "r.example.com"), "docker.io/library/web:1");
  EXPECT_EQ(familiar("r.example.com/library/web:1", "r.example.com"), "library/web:1");
}

// Whatever is shown means the same when it is typed again.
TEST(Reference, SurvivesBeingShownAndTyped) {
  for (const char* text : {"web", "team/web:2", "localhost/web", "docker.io/library/a/b",
                           "h.io:1/x", "r.example.com/localhost/web", "r.example.com/web"}) {
    for (const char* domain : {"docker.io", "r.example.com"}) {
      const auto reference = *parse_reference(text, domain);
      EXPECT_EQ(*parse_reference(reference.familiar(domain), domain), reference) << text;
      EXPECT_EQ(*parse_reference(reference.text(), domain), reference) << text;
    }
  }
}

TEST(Digest, KnowsTheAlgorithmsLengths) {
  EXPECT_TRUE(is_digest(kDigest));
  EXPECT_TRUE(is_digest("sha512:" + std::string(128, '0')));
  EXPECT_TRUE(is_digest("sha256+b64u:" + std::string(32, '0')));
  EXPECT_FALSE(is_digest("sha256:" + std::string(63, '0')));
  EXPECT_FALSE(is_digest("sha512:" + std::string(64, '0')));
  EXPECT_FALSE(is_digest("sha256"));
  EXPECT_FALSE(is_digest(":" + kHex));
  EXPECT_FALSE(is_digest("sha256:" + std::string(64, 'G')));
}

}  // namespace
}  // namespace bulkhead
