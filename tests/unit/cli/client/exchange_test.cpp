#include "client/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "bulkhead/unix_socket.hpp"
#include "support/fake_service.hpp"

namespace bulkhead::cli {
namespace {

using testing::FakeService;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Received;
using testing::send_bytes;

Result<Exchange> begin(FakeService& service, const Request& request) {
  auto socket = connect_unix(service.socket());
  if (!socket) return fail(socket.error());
  return Exchange::begin(std::move(*socket), request);
}

TEST(Exchange, RequestsOnTheWire) {
  EXPECT_THAT(to_wire({"GET", "/v1/ping"}), HasSubstr("GET /v1/ping HTTP/1.1\r\n"));
  EXPECT_THAT(to_wire({"GET", "/v1/ping"}), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(to_wire({"POST", "/x"}), HasSubstr("Content-Length: 0\r\n"));
  const std::string upgrade = to_wire({"POST", "/x", "{}", true, 5});
  EXPECT_THAT(upgrade, HasSubstr("Connection: Upgrade\r\nUpgrade: bulkhead-stream\r\n"));
  EXPECT_THAT(upgrade, HasSubstr("Bulkhead-Fd: 1\r\n"));
  EXPECT_THAT(upgrade, HasSubstr("Content-Length: 2\r\n\r\n{}"));
}

TEST(Exchange, ReadsAWholeAnswer) {
  FakeService service;
  service.answer("GET /x", 200, "[1]");
  auto exchange = begin(service, {"GET", "/x"});
  ASSERT_TRUE(exchange);
  const auto head = exchange->read_head();
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(exchange->status(), 200U);
  EXPECT_EQ(exchange->header("Content-Type"), "application/json");
  EXPECT_EQ(exchange->read_body().value(), "[1]");
}

TEST(Exchange, GivesTheConnectionAwayAfterAnUpgrade) {
  FakeService service;
  service.converse("POST /x", [](int connection, const Received&) {
    send_bytes(connection,
               "HTTP/1.1 101 Switching Protocols\r\nUpgrade: bulkhead-stream\r\n\r\nfirst");
    send_bytes(connection, " second");
  });
  auto exchange = begin(service, {"POST", "/x", "", true});
  ASSERT_TRUE(exchange && exchange->read_head());
  auto [connection, text] = exchange->take_connection();
  char piece[64];
  for (ssize_t count; (count = recv(connection.get(), piece, sizeof piece, 0)) > 0;)
    text.append(piece, static_cast<size_t>(count));
  EXPECT_EQ(text, "first second");
}

TEST(Exchange, SaysWhenThereIsNoAnswer) {
  FakeService service;
  service.converse("GET /silent", [](int, const Received&) {});
  service.converse("GET /half", [](int connection, const Received&) {
    send_bytes(connection, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
  });
  auto silent = begin(service, {"GET", "/silent"});
  EXPECT_THAT(silent->read_head().error().message, HasSubstr("without an answer"));
  auto half = begin(service, {"GET", "/half"});
  ASSERT_TRUE(half->read_head());
  EXPECT_EQ(half->read_body().error().code, Code::kUnavailable);
}

TEST(Exchange, AsksBeforeItReads) {
  FakeService service;
  service.answer("GET /x", 200, "[]");
  auto exchange = begin(service, {"GET", "/x"});
  const auto head =
      exchange->read_head([](int) -> Status { return fail(Code::kTimeout, "no patience"); });
  EXPECT_EQ(head.error().message, "no patience");
}

}  // namespace
}  // namespace bulkhead::cli
