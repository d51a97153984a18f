#include "guest/core/touch_request.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace bulkhead::guest {
namespace {

TEST(TouchRequest, IsAListOfAbsolutePaths) {
  auto paths = parse_touch(R"({"paths": ["/src/a", "/src/b c"], "later": 1})");
  ASSERT_TRUE(paths);
  EXPECT_EQ(*paths, (std::vector<std::string>{"/src/a", "/src/b c"}));
  EXPECT_TRUE(parse_touch(R"({"paths": []})"));
}

TEST(TouchRequest, AnythingElseIsRefused) {
  for (const char* text :
       {"", "7", "{}", R"({"paths": "/a"})", R"({"paths": [7]})", R"({"paths": ["a"]})",
        R"({"paths": [""]})", R"({"paths": ["/\u0000"]})"})
    EXPECT_FALSE(parse_touch(text)) << text;
}

TEST(TouchRequest, IsBounded) {
  nlohmann::json request = {{"paths", std::vector<std::string>(kMostTouched, "/a")}};
  EXPECT_TRUE(parse_touch(request.dump()));
  request["paths"].push_back("/a");
  EXPECT_FALSE(parse_touch(request.dump()));
}

}  // namespace
}  // namespace bulkhead::guest
