#include "options/environment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "command/table.hpp"

namespace bulkhead::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::optional<std::string> caller(const std::string& name) {
  if (name == "HOME") return "/home/me";
  return std::nullopt;
}

TEST(EnvironmentList, TakesPairsAndInheritsBareNames) {
  EnvironmentList list(caller);
  EXPECT_TRUE(list.add("A=1"));
  EXPECT_TRUE(list.add("EMPTY="));
  EXPECT_TRUE(list.add("EQUALS=a=b c"));
  EXPECT_TRUE(list.add("HOME"));
  EXPECT_TRUE(list.add("NOT_SET_ANYWHERE"));
  EXPECT_THAT(list.entries(), ElementsAre("A=1", "EMPTY=", "EQUALS=a=b c", "HOME=/home/me"));
}

TEST(EnvironmentList, TheLastOfOneKeyCounts) {
  EnvironmentList list(caller);
  for (const char* entry : {"A=1", "AB=2", "A=3"}) EXPECT_TRUE(list.add(entry));
  EXPECT_THAT(list.entries(), ElementsAre("A=3", "AB=2"));
}

TEST(EnvironmentList, RefusesEntriesWithoutAName) {
  EnvironmentList list(caller);
  EXPECT_FALSE(list.add("=1"));
  EXPECT_FALSE(list.add(""));
  EXPECT_EQ(list.add("=1").error().code, kUsage);
}

TEST(EnvironmentList, ReadsFiles) {
  EnvironmentList list(caller);
  EXPECT_TRUE(list.add_file(
      "# comment\n\n  KEY=value with blanks \nHOME\nQUOTED=\"as it is\"\r\nLAST=x", "f"));
  EXPECT_THAT(list.entries(), ElementsAre("KEY=value with blanks ", "HOME=/home/me",
                                          "QUOTED=\"as it is\"", "LAST=x"));
}

TEST(EnvironmentList, NamesTheLineOfAMistake) {
  EnvironmentList list(caller);
  const auto added = list.add_file("GOOD=1\nBAD KEY=2\n", "vars.env");
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, HasSubstr("vars.env, line 2"));
  EXPECT_THAT(added.error().message, HasSubstr("BAD KEY"));
  EXPECT_EQ(added.error().code, kUsage);
}

}  // namespace
}  // namespace bulkhead::cli
