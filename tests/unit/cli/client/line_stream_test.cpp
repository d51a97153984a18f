#include "client/line_stream.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "bulkhead/unix_socket.hpp"
#include "support/fake_service.hpp"

namespace bulkhead::cli {
namespace {

using testing::FakeService;
using testing::Received;
using testing::send_bytes;

struct Read {
  std::vector<std::string> lines;
  bool failed = false;
};

// The lines of an answer that is sent in pieces, each a chunk of its own.
Read read_lines(const std::vector<std::string>& pieces, bool cut_off = false) {
  FakeService service;
  service.converse("GET /x", [&](int connection, const Received&) {
    send_bytes(connection, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (const std::string& piece : pieces) {
      char size[32];
      std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
      send_bytes(connection, size + piece + "\r\n");
    }
    if (!cut_off) send_bytes(connection, "0\r\n\r\n");
  });
  auto exchange = Exchange::begin(std::move(*connect_unix(service.socket())), {"GET", "/x"});
  Read read;
  if (!exchange || !exchange->read_head()) return read;
  LineStream lines(std::move(*exchange));
  while (true) {
    auto line = lines.next();
    read.failed = !line;
    if (!line || !*line) return read;
    read.lines.push_back(std::move(**line));
  }
}

TEST(LineStream, LinesAreTheSameWhereverTheyAreCut) {
  const std::string text = "{\"a\":1}\n\nlonger line\nend\n";
  const std::vector<std::string> lines = {"{\"a\":1}", "", "longer line", "end"};
  EXPECT_EQ(read_lines({text}).lines, lines);
  for (size_t cut = 1; cut < text.size(); ++cut) {
    EXPECT_EQ(read_lines({text.substr(0, cut), text.substr(cut)}).lines, lines) << cut;
  }
  std::vector<std::string> bytes;
  for (const char c : text) bytes.emplace_back(1, c);
  EXPECT_EQ(read_lines(bytes).lines, lines);
}

TEST(LineStream, TheLastLineNeedsNoEnd) {
  EXPECT_EQ(read_lines({"a\nb"}).lines, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(read_lines({}).lines.empty());
}

TEST(LineStream, AnAnswerThatIsCutOffIsAnErrorAfterItsWholeLines) {
  const Read read = read_lines({"a\n", "half"}, true);
  EXPECT_EQ(read.lines, std::vector<std::string>{"a"});
  EXPECT_TRUE(read.failed);
}

TEST(LineStream, TheCallerIsAskedBeforeItWaits) {
  FakeService service;
  std::promise<void> asked;
  service.converse("GET /x", [&asked](int connection, const Received&) {
    send_bytes(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    asked.get_future().wait();
    send_bytes(connection, "line\n");
  });
  auto exchange = Exchange::begin(std::move(*connect_unix(service.socket())), {"GET", "/x"});
  ASSERT_TRUE(exchange && exchange->read_head());
  LineStream lines(std::move(*exchange));
  int times = 0;
  const auto line = lines.next([&](int) -> Status {
    if (times++ == 0) asked.set_value();
    return {};
  });
  ASSERT_TRUE(line);
  EXPECT_EQ(*line, "line");
  const auto end = lines.next([](int) -> Status { return fail(Code::kTimeout, "no time"); });
  EXPECT_FALSE(end) << "what the caller fails with is the failure";
}

}  // namespace
}  // namespace bulkhead::cli
