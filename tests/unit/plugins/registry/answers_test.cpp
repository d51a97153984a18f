// What registries and token servers answer, as far as it is read here: ranges, tokens, requests of
// the service.
#include <gtest/gtest.h>

#include "authorizations.hpp"
#include "content.hpp"
#include "fetch.hpp"

namespace bulkhead::registry {
namespace {

TEST(ContentRange, BeginsWithItsFirstByte) {
  EXPECT_EQ(parse_content_range("bytes 100-199/500"), 100u);
  EXPECT_EQ(parse_content_range("bytes 0-0/*"), 0u);
  for (const char* text : {"", "bytes", "bytes */500", "100-199/500", "bytes x-1/2", "bytes 5"})
    EXPECT_EQ(parse_content_range(text), std::nullopt) << text;
}

TEST(TokenAnswer, HasATokenUnderEitherName) {
  const auto docker = parse_token_answer(R"({"token":"abc","expires_in":300})");
  ASSERT_TRUE(docker);
  EXPECT_EQ(docker->token, "abc");
  EXPECT_EQ(docker->expires_in_seconds, 300);
  const auto oauth = parse_token_answer(R"({"access_token":"def"})");
  ASSERT_TRUE(oauth);
  EXPECT_EQ(oauth->token, "def");
  EXPECT_EQ(oauth->expires_in_seconds, 60);
}

TEST(TokenAnswer, LifeIsWithinReason) {
  EXPECT_EQ(parse_token_answer(R"({"token":"a","expires_in":-5})")->expires_in_seconds, 60);
  EXPECT_EQ(parse_token_answer(R"({"token":"a","expires_in":99999999999})")->expires_in_seconds,
            24 * 3600);
}

TEST(TokenAnswer, ATokenThatWouldBeginAnotherHeaderIsNone) {
  EXPECT_FALSE(parse_token_answer("{\"token\":\"a\\r\\nX-Evil: 1\"}"));
  EXPECT_FALSE(parse_token_answer(R"({"token":""})"));
  EXPECT_FALSE(parse_token_answer(R"({"token":5})"));
  EXPECT_FALSE(parse_token_answer("[]"));
  EXPECT_FALSE(parse_token_answer("token=abc"));
  EXPECT_FALSE(parse_token_answer("{\"token\":\"" + std::string(200'000, 'a') + "\"}"));
}

TEST(BasicHeader, IsAsTheRfcShowsIt) {
  EXPECT_EQ(basic_header({"Aladdin", Secret("open sesame"), false}),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST(Content, IsReadFromARequest) {
  const std::string digest = "sha256:" + std::string(64, 'a');
  Json request = {{"kind", "blob"},
                  {"content", {{"mediaType", "x"}, {"digest", digest}, {"size", 5}}}};
  const auto blob = Content::from_json(request);
  ASSERT_TRUE(blob) << blob.error().message;
  EXPECT_EQ(blob->path("library/web"), "/v2/library/web/blobs/" + digest);
  request["kind"] = "manifest";
  EXPECT_EQ(Content::from_json(request)->path("a/b"), "/v2/a/b/manifests/" + digest);
  request["content"]["digest"] = "sha256:../../../etc/passwd";
  EXPECT_FALSE(Content::from_json(request));
  request["content"]["digest"] = digest;
  request["content"]["size"] = -1;
  EXPECT_FALSE(Content::from_json(request));
}

}  // namespace
}  // namespace bulkhead::registry
