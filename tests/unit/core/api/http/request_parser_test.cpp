#include "core/api/http/request_parser.hpp"

#include <gtest/gtest.h>

namespace bulkhead::api {
namespace {

// Feeds in pieces of `step` bytes, as a socket might; returns the body.
std::string feed_all(RequestParser& parser, std::string text, size_t step) {
  std::string pending, body;
  while (!text.empty() || !pending.empty()) {
    pending += text.substr(0, step);
    text.erase(0, std::min(step, text.size()));
    for (;;) {
      auto used = parser.feed(pending);
      EXPECT_TRUE(used) << used.error().message;
      if (!used || *used == 0) break;
      pending.erase(0, *used);
      body += parser.take_body();
      if (parser.done() || pending.empty()) break;
    }
    if (parser.done()) break;
  }
  return body;
}

TEST(RequestParser, TakesARequestInAnyPieces) {
  for (size_t step : {1u, 2u, 7u, 1000u}) {
    RequestParser parser;
    std::string body = feed_all(parser,
                                "POST /v1/x?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: "
                                "5\r\nIdempotency-Key: K\r\n\r\nhello",
                                step);
    EXPECT_TRUE(parser.done());
    EXPECT_EQ(parser.head().method, "POST");
    EXPECT_EQ(parser.head().target, "/v1/x?a=1");
    EXPECT_EQ(parser.head().field("idempotency-key"), "K");
    EXPECT_TRUE(parser.head().keep_alive);
    EXPECT_EQ(body, "hello");
  }
}

TEST(RequestParser, DecodesChunks) {
  RequestParser parser;
  EXPECT_EQ(
      feed_all(
          parser,
          "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
          4),
      "abcde");
  EXPECT_TRUE(parser.done());
}

TEST(RequestParser, ARequestWithoutBodyIsDoneAtItsHead) {
  RequestParser parser;
  std::string text = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
  auto used = parser.feed(text + "GET /next");
  ASSERT_TRUE(used);
  EXPECT_EQ(*used, text.size());
  EXPECT_TRUE(parser.head_done());
  EXPECT_TRUE(parser.done());
  EXPECT_FALSE(parser.head().keep_alive);
}

TEST(RequestParser, RefusesWhatIsNoRequest) {
  for (const char* text : {"\x16\x03\x01 TLS\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET /\r\n\r\n",
                           "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    RequestParser parser;
    std::string pending = text;
    Result<size_t> used = parser.feed(pending);
    EXPECT_FALSE(used) << text;
  }
}

TEST(RequestParser, BoundsTheHead) {
  RequestParser parser;
  EXPECT_FALSE(parser.feed("GET / HTTP/1.1\r\nX: " + std::string(64 * 1024, 'a') + "\r\n\r\n"));
}

}  // namespace
}  // namespace bulkhead::api
