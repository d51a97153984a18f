#include "http/response_parser.hpp"

#include <gtest/gtest.h>

#include "http/target.hpp"

namespace bulkhead::cli {
namespace {

struct Parsed {
  unsigned status = 0;
  std::string body;
  std::string rest;
  bool done = false;
  bool failed = false;
};

// Feeds `bytes` in pieces of `step` and then the end of the connection.
Parsed parsed(const std::string& bytes, size_t step) {
  ResponseParser parser;
  Parsed result;
  std::string pending;
  for (size_t at = 0; at < bytes.size() && !result.failed; at += step) {
    pending += bytes.substr(at, step);
    while (!parser.done()) {
      const auto used = parser.feed(pending);
      if (!used) {
        result.failed = true;
        break;
      }
      if (*used == 0) break;
      pending.erase(0, *used);
      result.body += parser.take_body();
    }
  }
  if (!result.failed && !parser.end()) result.failed = true;
  result.body += parser.take_body();
  result.done = parser.done();
  result.status = result.failed ? 0 : parser.status();
  result.rest = pending;
  return result;
}

const std::string kSized =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
const std::string kChunked =
    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
const std::string kToTheEnd = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nas long as it lasts";
const std::string kUpgraded =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
    "bulkhead-stream\r\n\r\n\x01\x00frames";

class InPieces : public ::testing::TestWithParam<size_t> {};

TEST_P(InPieces, ABodyWithALength) {
  const auto result = parsed(kSized, GetParam());
  EXPECT_TRUE(result.done);
  EXPECT_EQ(result.status, 200U);
  EXPECT_EQ(result.body, "{\"a\":1}");
}

TEST_P(InPieces, AChunkedBody) {
  const auto result = parsed(kChunked, GetParam());
  EXPECT_TRUE(result.done);
  EXPECT_EQ(result.body, "abcdefg");
}

TEST_P(InPieces, ABodyThatEndsWithTheConnection) {
  const auto result = parsed(kToTheEnd, GetParam());
  EXPECT_TRUE(result.done);
  EXPECT_EQ(result.body, "as long as it lasts");
}

TEST_P(InPieces, WhatFollowsAnUpgradeIsLeftAlone) {
  const std::string bytes(kUpgraded);
  const auto result = parsed(bytes, GetParam());
  EXPECT_EQ(result.status, 101U);
  EXPECT_EQ(result.body, "");
  EXPECT_EQ(result.rest, bytes.substr(bytes.find("\r\n\r\n") + 4));
}

INSTANTIATE_TEST_SUITE_P(Sizes, InPieces, ::testing::Values(1, 2, 7, 4096));

TEST(ResponseParser, AnEndInTheMiddleIsAnError) {
  EXPECT_TRUE(parsed(kSized.substr(0, kSized.size() - 1), 4096).failed);
  EXPECT_TRUE(parsed(kChunked.substr(0, kChunked.size() - 5), 4096).failed);
  EXPECT_TRUE(parsed("HTTP/1.1 200 OK\r\nConte", 4096).failed);
  EXPECT_TRUE(parsed("", 4096).failed);
}

TEST(ResponseParser, NonsenseIsAnError) {
  for (const char* bad :
       {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_TRUE(parsed(bad, 4096).failed) << bad;
  }
}

TEST(ResponseParser, HeadersAreFoundInAnyCase) {
  ResponseParser parser;
  ASSERT_TRUE(parser.feed(kSized));
  EXPECT_TRUE(parser.head_done());
  EXPECT_EQ(parser.header("content-TYPE"), "application/json");
  EXPECT_EQ(parser.header("Absent"), "");
}

TEST(Target, EncodesWhatIsNotPlain) {
  EXPECT_EQ(percent_encode("web-1.2_x~"), "web-1.2_x~");
  EXPECT_EQ(percent_encode("docker.io/library/web:1"), "docker.io%2Flibrary%2Fweb%3A1");
  EXPECT_EQ(percent_encode("a b\xff%"), "a%20b%FF%25");
  EXPECT_EQ(Query().add("a", "1 2").add_if(false, "b", "x").add("c", "&").text(), "?a=1%202&c=%26");
  EXPECT_EQ(Query().text(), "");
}

}  // namespace
}  // namespace bulkhead::cli
