#include "guest/core/identity.hpp"

#include <gmock/gmock.h>

namespace bulkhead::guest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "# not a line\n"
    "broken:x:no:0::/:\n"
    "web:x:1000:1001:Web:/home/web:/bin/sh\n"
    "3000:x:4000:4000::/home/digits:\n"
    "homeless:x:5:5\n"
    "last:x:6:6::/last:";
constexpr std::string_view kGroup =
    "root:x:0:\n"
    "web:x:1001:\n"
    "one:x:10:other,web\n"
    "two:x:11:web\n"
    "webbed:x:12:webby,cobweb\n"
    "staff:x:50:root\n";

Identity resolve(std::string_view user) {
  auto identity = resolve_identity(user, kPasswd, kGroup);
  EXPECT_TRUE(identity) << identity.error().message;
  return identity.value_or(Identity{});
}

std::string failure(std::string_view user) {
  auto identity = resolve_identity(user, kPasswd, kGroup);
  EXPECT_FALSE(identity);
  if (identity) return "";
  EXPECT_EQ(identity.error().code, Code::kInvalid);
  return identity.error().message;
}

TEST(Identity, NobodyInParticularIsRootWithItsGroups) {
  Identity root = resolve("");
  EXPECT_EQ(root.uid, 0u);
  EXPECT_EQ(root.gid, 0u);
  EXPECT_EQ(root.home, "/root");
  EXPECT_THAT(root.groups, ElementsAre(50));
}

TEST(Identity, NobodyInParticularNeedsNoDatabase) {
  auto identity = resolve_identity("", "", "");
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->uid, 0u);
  EXPECT_EQ(identity->home, "/");
}

TEST(Identity, NameGivesGroupHomeAndMemberships) {
  Identity web = resolve("web");
  EXPECT_EQ(web.uid, 1000u);
  EXPECT_EQ(web.gid, 1001u);
  EXPECT_EQ(web.home, "/home/web");
  EXPECT_THAT(web.groups, ElementsAre(10, 11));
}

TEST(Identity, NumberOfAKnownUserIsThatUser) {
  Identity web = resolve("1000");
  EXPECT_EQ(web.gid, 1001u);
  EXPECT_THAT(web.groups, ElementsAre(10, 11));
}

TEST(Identity, UnknownNumberHasGroupZeroAndTheRootAsHome) {
  Identity stranger = resolve("777");
  EXPECT_EQ(stranger.uid, 777u);
  EXPECT_EQ(stranger.gid, 0u);
  EXPECT_EQ(stranger.home, "/");
  EXPECT_THAT(stranger.groups, IsEmpty());
}

TEST(Identity, NameOfDigitsWinsOverTheNumber) {
  EXPECT_EQ(resolve("3000").uid, 4000u);
}

TEST(Identity, LastLineNeedsNoNewline) {
  EXPECT_EQ(resolve("last").home, "/last");
}

TEST(Identity, MissingHomeIsTheRoot) {
  EXPECT_EQ(resolve("homeless").home, "/");
}

TEST(Identity, ExplicitGroupReplacesMemberships) {
  Identity web = resolve("web:two");
  EXPECT_EQ(web.uid, 1000u);
  EXPECT_EQ(web.gid, 11u);
  EXPECT_THAT(web.groups, IsEmpty());
  EXPECT_EQ(resolve("777:778").gid, 778u);
  EXPECT_EQ(resolve(":two").uid, 0u);
}

TEST(Identity, UnknownNamesAreNamed) {
  EXPECT_EQ(failure("ghost"), "no user ghost in the image's /etc/passwd");
  EXPECT_EQ(failure("web:ghosts"), "no group ghosts in the image's /etc/group");
  EXPECT_EQ(failure("broken"), "no user broken in the image's /etc/passwd");
}

// -1 would mean "leave the user as it is" to setresuid, which is root.
TEST(Identity, IdsThatTheKernelReadsAsNoneAreRefused) {
  failure("4294967295");
  failure("4294967296");
  failure("-1");
  failure("0:4294967295");
}

}  // namespace
}  // namespace bulkhead::guest
