#include "member_name.hpp"

#include <gtest/gtest.h>

namespace bulkhead::storage {
namespace {

std::string split(const std::string& name) {
  const auto parts = split_member_name(name);
  return parts ? joined(*parts) : "refused: " + parts.error().message;
}

TEST(MemberName, LosesDotsAndDoubledSlashes) {
  EXPECT_EQ(split("./usr//bin/./env"), "usr/bin/env");
  EXPECT_EQ(split("etc/"), "etc");
  EXPECT_EQ(split("..data/...x"), "..data/...x");
}

TEST(MemberName, OfTheRootIsEmpty) {
  for (const char* root : {".", "./", "/", "//"}) EXPECT_EQ(split(root), "") << root;
}

TEST(MemberName, ThatLeavesTheTreeIsRefused) {
  EXPECT_EQ(split("/etc/passwd"), "refused: its name is absolute");
  EXPECT_EQ(split("../etc"), "refused: its name contains '..'");
  EXPECT_EQ(split("a/../b"), "refused: its name contains '..'");
  EXPECT_EQ(split("a/.."), "refused: its name contains '..'");
}

TEST(MemberName, HasTheLimitsOfTheFileSystem) {
  EXPECT_EQ(split(std::string(255, 'x')).size(), 255u);
  EXPECT_TRUE(split(std::string(256, 'x')).starts_with("refused: a component"));
  std::string longest;
  while (longest.size() < 4096) longest += "abcdefg/";
  EXPECT_EQ(split(longest), "refused: its name is longer than 4095 bytes");
  EXPECT_EQ(split(""), "refused: it has no name");
}

std::string resolve(const std::string& link, const std::string& target) {
  const auto parts = resolve_link(*split_member_name(link), target);
  return parts ? joined(*parts) : "refused: " + parts.error().message;
}

TEST(LinkTarget, IsTakenFromTheLinksFolder) {
  EXPECT_EQ(resolve("usr/bin/sh", "dash"), "usr/bin/dash");
  EXPECT_EQ(resolve("lib", "usr/lib"), "usr/lib");
  EXPECT_EQ(resolve("a/b/c", "../../d"), "d");
  EXPECT_EQ(resolve("etc/mtab", "/proc/mounts"), "proc/mounts");
}

TEST(LinkTarget, ThatClimbsAboveTheRootIsRefused) {
  EXPECT_EQ(resolve("a/b", "../../etc"), "refused: it links out of the tree, to '../../etc'");
  EXPECT_EQ(resolve("a", "b/../../c"), "refused: it links out of the tree, to 'b/../../c'");
  EXPECT_EQ(resolve("a", ""), "refused: it is a link to nothing");
}

}  // namespace
}  // namespace bulkhead::storage
