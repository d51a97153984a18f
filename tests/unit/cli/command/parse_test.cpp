#include "command/parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Option kOptions[] = {
    {.names = "-e, --env", .value = "<v>", .repeats = true},
    {.names = "-i, --interactive"},
    {.names = "-t, --tty"},
    {.names = "--name", .value = "<name>"},
    {.names = "--format", .value = "<format>", .choices = "table|json", .fallback = "table"},
    {.names = "-n", .value = "<number>"},
};
constexpr OptionGroup kGroups[] = {{"Options", kOptions}};
constexpr Argument kWords[] = {{.name = "<word>", .min = 1, .max = 2}};
constexpr Argument kRaw[] = {{.name = "<image>"},
                             {.name = "<argument>", .min = 0, .max = kMany, .raw = true}};
constexpr Command kPlain = {.name = "plain", .arguments = kWords, .groups = kGroups};
constexpr Command kRun = {.name = "run", .arguments = kRaw, .groups = kGroups};

Invocation parsed(const Command& command, std::vector<std::string> words) {
  auto invocation = parse(command, std::move(words));
  EXPECT_TRUE(invocation) << (invocation ? "" : invocation.error().message);
  return invocation ? *invocation : Invocation(command);
}

std::string refusal(const Command& command, std::vector<std::string> words) {
  const auto invocation = parse(command, std::move(words));
  if (invocation) return "accepted";
  EXPECT_EQ(invocation.error().code, kUsage);
  return invocation.error().message;
}

TEST(Parse, OptionsMayStandBetweenWords) {
  const auto found = parsed(kPlain, {"a", "--name", "x", "b", "-i"});
  EXPECT_THAT(found.arguments(), ElementsAre("a", "b"));
  EXPECT_EQ(found.value("name"), "x");
  EXPECT_TRUE(found.has("interactive"));
  EXPECT_FALSE(found.has("tty"));
}

TEST(Parse, ValuesMayBeJoined) {
  EXPECT_EQ(parsed(kPlain, {"--name=x"}).value("name"), "x");
  EXPECT_EQ(parsed(kPlain, {"-n5"}).value("n"), "5");
  EXPECT_EQ(parsed(kPlain, {"--name=a=b"}).value("name"), "a=b");
}

TEST(Parse, AnEmptyValueIsAValue) {
  const auto found = parsed(kPlain, {"--name=", "word"});
  EXPECT_EQ(found.value("name"), "");
  EXPECT_THAT(found.arguments(), ElementsAre("word"));
  EXPECT_EQ(parsed(kPlain, {"--name", ""}).value("name"), "");
}

TEST(Parse, BracketsAreLettersLikeOthers) {
  const auto found = parsed(kPlain, {"--name", "[a,b]", "[c,d]", "-e", "[e]"});
  EXPECT_EQ(found.value("name"), "[a,b]");
  EXPECT_THAT(found.arguments(), ElementsAre("[c,d]"));
  EXPECT_THAT(found.values("env"), ElementsAre("[e]"));
}

TEST(Parse, AValueMayLookLikeAnOption) {
  EXPECT_EQ(parsed(kPlain, {"--name", "-x"}).value("name"), "-x");
  EXPECT_THAT(parsed(kPlain, {"--", "-x", "--name"}).arguments(), ElementsAre("-x", "--name"));
}

TEST(Parse, ShortFlagsMayBeJoined) {
  const auto found = parsed(kRun, {"-it", "image", "sh"});
  EXPECT_TRUE(found.has("interactive") && found.has("tty"));
}

TEST(Parse, TheLastValueCountsUnlessItRepeats) {
  const auto found = parsed(kPlain, {"--name", "a", "--name", "b", "-e", "1", "--env", "2"});
  EXPECT_EQ(found.value("name"), "b");
  EXPECT_THAT(found.values("env"), ElementsAre("1", "2"));
}

TEST(Parse, AFlagMayBeTakenBack) {
  EXPECT_FALSE(parsed(kPlain, {"--tty=false"}).has("tty"));
  EXPECT_TRUE(parsed(kPlain, {"--tty=true"}).has("tty"));
}

TEST(Parse, AfterTheImageAllIsTheProcesss) {
  const auto found =
      parsed(kRun, {"-i", "image", "echo", "--name", "-d", "--", "--rm", "-t", "--label=", "[x]"});
  EXPECT_THAT(found.arguments(),
              ElementsAre("image", "echo", "--name", "-d", "--", "--rm", "-t", "--label=", "[x]"));
  EXPECT_FALSE(found.has("tty"));
  EXPECT_FALSE(found.has("name"));
  EXPECT_THAT(parsed(kRun, {"--", "image", "-t"}).arguments(), ElementsAre("image", "-t"));
}

TEST(Parse, DefaultsComeFromTheTable) {
  EXPECT_EQ(parsed(kPlain, {}).value_or_default("format"), "table");
  EXPECT_EQ(parsed(kPlain, {"--format", "json"}).value_or_default("format"), "json");
}

TEST(Parse, EveryCommandHasHelpAndDebug) {
  EXPECT_TRUE(parsed(kPlain, {"-h"}).has("help"));
  EXPECT_TRUE(parsed(kRun, {"--debug", "--help"}).has("debug"));
}

TEST(Parse, RefusesInASentence) {
  EXPECT_EQ(refusal(kPlain, {"--nope"}), "unknown option '--nope'");
  EXPECT_EQ(refusal(kPlain, {"-Z", "a"}), "unknown option '-Z'");
  EXPECT_EQ(refusal(kRun, {"--nope", "image"}), "unknown option '--nope'");
  EXPECT_EQ(refusal(kRun, {"--nope="}), "unknown option '--nope='");
  EXPECT_THAT(refusal(kPlain, {"--name"}), HasSubstr("missing value for --name"));
  EXPECT_THAT(refusal(kPlain, {"--format", "xml"}),
              HasSubstr("'xml' is not a value of --format: choose one of table|json"));
  EXPECT_THAT(refusal(kPlain, {"--tty=perhaps"}), HasSubstr("--tty"));
}

TEST(Parse, CountsArguments) {
  EXPECT_TRUE(check_arguments(parsed(kPlain, {"a"})));
  EXPECT_TRUE(check_arguments(parsed(kPlain, {"a", "b"})));
  EXPECT_EQ(check_arguments(parsed(kPlain, {})).error().message, "missing argument <word>");
  EXPECT_EQ(check_arguments(parsed(kPlain, {"a", "b", "c"})).error().message,
            "unexpected argument 'c'");
  EXPECT_TRUE(check_arguments(parsed(kRun, {"image", "a", "b", "c"})));
  EXPECT_EQ(check_arguments(parsed(kRun, {})).error().message, "missing argument <image>");
}

TEST(Invocation, AsksOnlyForWhatTheTableDeclares) {
  const Invocation invocation(kPlain);
  EXPECT_THAT(invocation.values("env"), IsEmpty());
  EXPECT_DEATH((void)invocation.values("no-such-option"), "no option 'no-such-option'");
}

}  // namespace
}  // namespace bulkhead::cli
