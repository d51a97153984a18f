// Numbers, limits, capabilities, labels, platforms and moments: each is a few rules, tried at their
// edges.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "command/table.hpp"
#include "options/capability.hpp"
#include "options/host_path.hpp"
#include "options/label.hpp"
#include "options/moment.hpp"
#include "options/number.hpp"
#include "options/platform.hpp"
#include "options/ulimit.hpp"

namespace bulkhead::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(Number, TakesDigitsOnly) {
  EXPECT_EQ(parse_number("0", "x").value(), 0U);
  EXPECT_EQ(parse_number("18446744073709551615", "x").value(), UINT64_MAX);
  for (const char* bad :
       {"", "-1", "+1", "1.5", "1 ", " 1", "0x10", "18446744073709551616", "many"}) {
    EXPECT_FALSE(parse_number(bad, "x")) << bad;
  }
}

TEST(Number, KeepsItsBoundsAndNamesThem) {
  EXPECT_TRUE(parse_number("1", "--cpus", 1, 4));
  EXPECT_TRUE(parse_number("4", "--cpus", 1, 4));
  EXPECT_FALSE(parse_number("5", "--cpus", 1, 4));
  EXPECT_THAT(parse_number("0", "--cpus", 1, 4).error().message, HasSubstr("--cpus: '0'"));
  EXPECT_THAT(parse_number("0", "--cpus", 1, 4).error().message, HasSubstr("at least 1"));
}

TEST(Number, SizesAreTheSdksAndUsageErrors) {
  EXPECT_EQ(parse_size_option("512m", "--memory").value(), 512U << 20);
  const auto bad = parse_size_option("lots", "--memory");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, kUsage);
  EXPECT_THAT(bad.error().message, HasSubstr("--memory"));
}

TEST(HostPath, IsMadeAbsolute) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(parse_host_path("/a/./b/../c", "--kernel").value(), "/a/c");
  EXPECT_EQ(parse_host_path("a", "--kernel").value(), here + "/a");
  EXPECT_THAT(parse_host_path("", "--kernel").error().message, HasSubstr("--kernel"));
}

TEST(Ulimit, OneNumberServesForBothLimits) {
  const auto limit = parse_ulimit("nofile=1024");
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->limit, "RLIMIT_NOFILE");
  EXPECT_EQ(limit->soft, 1024U);
  EXPECT_EQ(limit->hard, 1024U);
}

TEST(Ulimit, UnlimitedIsTheLargestNumber) {
  EXPECT_EQ(parse_ulimit("core=unlimited")->hard, kUnlimited);
  EXPECT_EQ(parse_ulimit("core=0:-1")->hard, kUnlimited);
  EXPECT_EQ(parse_ulimit("core=0:-1")->soft, 0U);
}

TEST(Ulimit, RefusesWhatIsNone) {
  for (const char* bad : {"", "nofile", "nofile=", "nofile=x", "nofile=2:1",
                          "nofile=1:", "nofile=1:2:3", "nonsense=1", "cpu=9223372036854775808",
                          "cpu=18446744073709551615", "=1", "NOFILE=1", "nofile=unlimited:5"}) {
    EXPECT_FALSE(parse_ulimit(bad)) << bad;
  }
  EXPECT_EQ(parse_ulimit("cpu=9223372036854775807")->soft, uint64_t{INT64_MAX});
  EXPECT_FALSE(parse_ulimits({"nofile=1", "nofile=2"}));
  EXPECT_EQ(parse_ulimits({"nofile=1", "nproc=2"})->size(), 2U);
}

TEST(Capability, HasOneSpelling) {
  for (const char* spelling :
       {"net_admin", "NET_ADMIN", "CAP_NET_ADMIN", "cap_net_admin", "Cap_Net_Admin"}) {
    EXPECT_EQ(parse_capability(spelling, "--cap-add").value(), "CAP_NET_ADMIN") << spelling;
  }
  EXPECT_EQ(parse_capability("all", "--cap-add").value(), "ALL");
}

TEST(Capability, RefusesOtherNames) {
  for (const char* bad : {"", "CAP_", "CAP_ALL", "NET-ADMIN", "CAP_CAP_MKNOD", "nonsense"}) {
    EXPECT_FALSE(parse_capability(bad, "--cap-add")) << bad;
  }
  EXPECT_THAT(parse_capabilities({"mknod", "CAP_MKNOD", "kill"}, "--cap-drop").value(),
              ElementsAre("CAP_MKNOD", "CAP_KILL"));
}

TEST(Label, SplitsAtTheFirstEqualsSign) {
  EXPECT_THAT(parse_labels({"a=1", "empty=", "bare", "eq=a=b", "a=2"}).value(),
              ElementsAre(Pair("a", "2"), Pair("bare", ""), Pair("empty", ""), Pair("eq", "a=b")));
  EXPECT_FALSE(parse_labels({"=1"}));
}

TEST(Platform, IsOsArchitectureAndPerhapsVariant) {
  EXPECT_EQ(parse_platform("linux/arm64/v8")->variant, "v8");
  EXPECT_EQ(parse_platform("linux/x86_64")->architecture, "amd64");
  EXPECT_EQ(parse_platform("linux/aarch64")->text(), "linux/arm64");
  for (const char* bad : {"", "linux", "linux/", "/amd64", "linux/arm64/", "linux/arm/v7/x"}) {
    EXPECT_FALSE(parse_platform(bad)) << bad;
  }
}

TEST(Moment, LengthsOfTime) {
  using std::chrono::seconds;
  EXPECT_EQ(parse_duration("90", true), seconds(90));
  EXPECT_EQ(parse_duration("90", false), std::nullopt);
  EXPECT_EQ(parse_duration("5m", false), seconds(300));
  EXPECT_EQ(parse_duration("2h", false), seconds(7200));
  EXPECT_EQ(parse_duration("1d", false), seconds(86400));
  for (const char* bad : {"", "0m", "-5m", "1x", "abc", "m", "1mm", "99999999999d"}) {
    EXPECT_EQ(parse_duration(bad, true), std::nullopt) << bad;
  }
}

TEST(Moment, IsATimeOrALengthBeforeNow) {
  const Moment now = std::chrono::system_clock::from_time_t(1'000'000'000);
  EXPECT_EQ(rfc3339(now), "2001-09-09T01:46:40Z");
  EXPECT_EQ(parse_moment("40s", "--since", now).value(), "2001-09-09T01:46:00Z");
  EXPECT_EQ(parse_moment("2026-11-24T03:01:02.5+01:00", "--since", now).value(),
            "2026-11-24T03:01:02.5+01:00");
  EXPECT_FALSE(parse_moment("yesterday", "--since", now));
  EXPECT_FALSE(parse_moment("2026-11-24", "--since", now));
}

}  // namespace
}  // namespace bulkhead::cli
