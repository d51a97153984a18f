#include "bulkhead/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bulkhead {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ParseJson, TakesOneValueAndNothingAfterIt) {
  EXPECT_EQ(*parse_json(R"( {"a":[1,2.5,"x",null,true]} )"),
            (Json{{"a", {1, 2.5, "x", nullptr, true}}}));
  for (const char* text :
       {"", "{", "{} {}", "{'a':1}", "nul", "[1,]", "\"\xff\"", "1e999", "\x01"}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::kInvalid) << text;
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("json.exception"))) << text;
  }
}

TEST(ParseJson, NamesThePlaceOfTheMistake) {
  const auto parsed = parse_json(R"({"a": x})");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message, HasSubstr("byte 7"));
}

TEST(ParseJson, LimitsTheDepthExactly) {
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(parse_json(nested(64)));
  ASSERT_FALSE(parse_json(nested(65)));
  EXPECT_THAT(parse_json(nested(65)).error().message, HasSubstr("deeper than 64"));
  // Without the limit this would be followed to its end and then walked recursively.
  EXPECT_FALSE(parse_json(std::string(1 << 20, '[')));
  EXPECT_TRUE(parse_json("[[],[],[],{}]", 2)) << "siblings are not depth";
  EXPECT_FALSE(parse_json(R"({"a":{"b":{}}})", 2));
}

TEST(DumpJson, IsOneSpellingPerValue) {
  const auto a = parse_json(R"({ "b" : 1, "a" : [ true ] })");
  EXPECT_EQ(dump_json(*a), R"({"a":[true],"b":1})");
}

TEST(DumpJson, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(dump_json(Json("a\xff"
                           "b")),
            "\"a\xEF\xBF\xBD"
            "b\"");
}

TEST(Getters, NameTheKey) {
  const Json object = {{"s", "text"}, {"n", 3}, {"b", true}, {"huge", UINT64_MAX}};
  EXPECT_EQ(*string_at(object, "s"), "text");
  EXPECT_EQ(*integer_at(object, "n"), 3);
  EXPECT_TRUE(*bool_at(object, "b"));
  EXPECT_EQ(string_at(object, "gone").error().message, "\"gone\" is missing");
  EXPECT_EQ(string_at(object, "n").error().message, "\"n\" must be a string, not number");
  EXPECT_EQ(integer_at(object, "huge").error().message, "\"huge\" is too large");
  EXPECT_FALSE(integer_at(Json(5), "n")) << "not even an object";
}

TEST(Getters, FallBackOnWhateverIsWrong) {
  const Json object = {{"s", 1}, {"n", 2.5}};
  EXPECT_EQ(string_or(object, "s", "else"), "else");
  EXPECT_EQ(integer_or(object, "n", 7), 7);
  EXPECT_EQ(bool_or(Json::array(), "b", true), true);
}

}  // namespace
}  // namespace bulkhead
