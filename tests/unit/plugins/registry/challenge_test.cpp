#include "challenge.hpp"

#include <gtest/gtest.h>

namespace bulkhead::registry {
namespace {

TEST(Challenge, IsReadAsDockerHubSendsIt) {
  const auto challenge = choose_challenge(
      "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
      "scope=\"repository:library/web:pull\"");
  ASSERT_TRUE(challenge);
  EXPECT_TRUE(challenge->bearer);
  EXPECT_EQ(challenge->realm, "https://auth.docker.io/token");
  EXPECT_EQ(challenge->service, "registry.docker.io");
  EXPECT_EQ(challenge->scope, "repository:library/web:pull");
}

TEST(Challenge, BearerIsPreferredToBasicAndUnknownKindsAreSkipped) {
  const auto challenge = choose_challenge(
      "Negotiate abc==, Basic realm=\"x, y\", BEARER realm=\"http://a/\" , Digest realm=\"q\"");
  ASSERT_TRUE(challenge);
  EXPECT_TRUE(challenge->bearer);
  EXPECT_EQ(challenge->realm, "http://a/");
}

TEST(Challenge, ParametersBelongToTheirOwnChallenge) {
  const auto all = parse_challenges("Basic realm=\"a\", Unknown realm=\"b\", Bearer realm=\"c\"");
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].realm, "a");
  EXPECT_EQ(all[1].realm, "c");
}

TEST(Challenge, QuotedTextMayHoldQuotesAndCommas) {
  const auto all = parse_challenges("Basic realm=\"say \\\"hi\\\", friend\"");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].realm, "say \"hi\", friend");
}

TEST(Challenge, ThereIsNoneInNonsense) {
  for (const char* text :
       {"", ",,,", "=", "\"", "Bearer", "realm=\"x\"", "Bearer realm=", "\"\"\"=a"})
    EXPECT_FALSE(choose_challenge(text)) << text;
}

TEST(Challenge, ABasicOneNeedsNoRealm) {
  const auto challenge = choose_challenge("basic");
  ASSERT_TRUE(challenge);
  EXPECT_FALSE(challenge->bearer);
}

}  // namespace
}  // namespace bulkhead::registry
