#include "core/plugins/messages.hpp"

#include <gtest/gtest.h>

namespace bulkhead::plugins {
namespace {

TEST(Messages, SurviveTheirWay) {
  HelloMessage hello;
  hello.pid = 42;
  hello.id = "storage-local";
  hello.version = "1.0";
  hello.capabilities = {"storage/1"};
  hello.started = true;
  const auto greeted = decode_hello(encode_hello(hello));
  ASSERT_TRUE(greeted);
  EXPECT_EQ(greeted->pid, 42);
  EXPECT_EQ(greeted->id, "storage-local");
  EXPECT_EQ(greeted->capabilities, std::vector<std::string>{"storage/1"});
  EXPECT_TRUE(greeted->started);
  EXPECT_FALSE(greeted->refused);

  hello.refused = Error{Code::kUnsupported, "too new", "update"};
  const auto refused = decode_hello(encode_hello(hello));
  ASSERT_TRUE(refused && refused->refused);
  EXPECT_EQ(refused->refused->code, Code::kUnsupported);
  EXPECT_EQ(refused->refused->message, "too new");
  EXPECT_EQ(refused->refused->hint, "update");

  const std::string submit = encode_submit("storage.load", R"({"a":1})");
  EXPECT_EQ(decode_submit(submit)->method, "storage.load");
  EXPECT_EQ(decode_submit(submit)->request, R"({"a":1})");

  const std::string emit = encode_emit(9, "vm.stopped", "{}");
  EXPECT_EQ(decode_emit(emit)->report, 9u);
  EXPECT_EQ(decode_emit(emit)->type, "vm.stopped");
  EXPECT_EQ(decode_emit(emit)->event, "{}");

  const std::string good = encode_complete(7, "{}", nullptr);
  EXPECT_EQ(decode_complete(good)->report, 7u);
  EXPECT_EQ(decode_complete(good)->result, "{}");
  EXPECT_FALSE(decode_complete(good)->error);

  const Error error{Code::kNoSpace, "no room", "make some"};
  const auto bad = decode_complete(encode_complete(8, {}, &error));
  ASSERT_TRUE(bad && bad->error);
  EXPECT_EQ(bad->error->code, Code::kNoSpace);
  EXPECT_EQ(bad->error->message, "no room");
  EXPECT_EQ(bad->error->hint, "make some");

  EXPECT_EQ(decode_log(encode_log(2, "a line"))->level, 2);
  EXPECT_EQ(decode_log(encode_log(2, "a line"))->text, "a line");
}

TEST(Messages, RefuseWhatIsCutShort) {
  EXPECT_FALSE(decode_hello(""));
  EXPECT_FALSE(decode_hello("[]"));
  EXPECT_FALSE(decode_submit("no zero"));
  EXPECT_FALSE(decode_emit("1234567"));
  EXPECT_FALSE(decode_emit("12345678no zero"));
  EXPECT_FALSE(decode_complete("12345678"));
  EXPECT_FALSE(decode_log(""));
  const std::string error = encode_error({Code::kInternal, "message", ""});
  for (size_t i = 0; i < error.size(); i++) EXPECT_FALSE(decode_error(error.substr(0, i))) << i;
}

TEST(Messages, ForgiveAHelloOfStrangeShape) {
  const auto hello =
      decode_hello(R"({"protocol":"1","capabilities":[1,"x"],"pid":{},"refused":3})");
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->protocol, 0);
  EXPECT_EQ(hello->capabilities, std::vector<std::string>{"x"});
  EXPECT_TRUE(hello->refused);
}

}  // namespace
}  // namespace bulkhead::plugins
