#include "bulkhead/size.hpp"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(ParseSize, IsBinaryInEverySpelling) {
  for (const char* text : {"512m", "512M", "512mb", "512MB", "512MiB", "512mib", "512Mib"}) {
    EXPECT_EQ(parse_size(text).value_or(0), 512u << 20) << text;
  }
  EXPECT_EQ(*parse_size("0"), 0u);
  EXPECT_EQ(*parse_size("17"), 17u);
  EXPECT_EQ(*parse_size("17b"), 17u);
  EXPECT_EQ(*parse_size("1k"), 1u << 10);
  EXPECT_EQ(*parse_size("2G"), 2ull << 30);
  EXPECT_EQ(*parse_size("3t"), 3ull << 40);
  EXPECT_EQ(*parse_size("4P"), 4ull << 50);
}

TEST(ParseSize, RefusesEverythingElse) {
  for (const char* text : {"", "m", "-1", "+1", " 1", "1 ", "1 m", "1.5g", "1x", "1mm", "1ib",
                           "1mi", "1kbb", "0x10", "1e3", "1i"}) {
    const auto size = parse_size(text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error().code, Code::kInvalid);
    EXPECT_FALSE(size.error().hint.empty());
  }
}

TEST(ParseSize, RefusesWhatDoesNotFit) {
  EXPECT_EQ(*parse_size("8191p"), 8191ull << 50);
  for (const char* text : {"8192p", "9223372036854775808", "99999999999999999999", "9000000000g"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(FormatSize, HasThreeDigitsAtMost) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(999), "999 B");
  EXPECT_EQ(format_size(1000), "1 KB");
  EXPECT_EQ(format_size(1'500'000), "1.5 MB");
  EXPECT_EQ(format_size(9'949'000), "9.9 MB");
  EXPECT_EQ(format_size(9'951'000), "10 MB");
  EXPECT_EQ(format_size(12'345'678'901), "12 GB");
  EXPECT_EQ(format_size(999'499), "999 KB");
  EXPECT_EQ(format_size(999'500), "1 MB") << "never 1000 KB";
  EXPECT_EQ(format_size(UINT64_MAX), "18 EB");
}

TEST(FormatSize, BinaryForMemory) {
  EXPECT_EQ(format_binary_size(1023), "1023 B");
  EXPECT_EQ(format_binary_size(1024), "1 KiB");
  EXPECT_EQ(format_binary_size(1536u << 10), "1.5 MiB");
  EXPECT_EQ(format_binary_size(1ull << 30), "1 GiB");
}

}  // namespace
}  // namespace bulkhead
