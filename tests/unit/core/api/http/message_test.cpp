#include "core/api/http/message.hpp"

#include <gtest/gtest.h>

namespace bulkhead::api {
namespace {

TEST(Target, SplitsPathAndQueryAndDecodesBoth) {
  auto target = parse_target("/v1/images/docker.io%2Flibrary%2Fweb%3A1?name=a+b%21&name=c&force");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, (std::vector<std::string>{"v1", "images", "docker.io/library/web:1"}));
  EXPECT_EQ(target->get_all("name"), (std::vector<std::string>{"a b!", "c"}));
  EXPECT_TRUE(target->flag("force"));
  EXPECT_FALSE(target->flag("all"));
}

TEST(Target, AFlagThatSaysNoIsNone) {
  auto target = parse_target("/x?all=0&force=false&rm=1");
  ASSERT_TRUE(target);
  EXPECT_FALSE(target->flag("all"));
  EXPECT_FALSE(target->flag("force"));
  EXPECT_TRUE(target->flag("rm"));
}

TEST(Target, RefusesWhatIsNoPath) {
  for (const char* text : {"", "x", "http://h/", "/%", "/%4", "/%zz", "/%00", "/a?b=%0"})
    EXPECT_FALSE(parse_target(text)) << text;
}

TEST(ResponseHead, IsAStatusLineAndFields) {
  EXPECT_EQ(response_head(404, {{"Content-Length", "0"}}),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

}  // namespace
}  // namespace bulkhead::api
