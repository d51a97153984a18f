#include "h2_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "fake_guest.hpp"

namespace bulkhead::qemu {
namespace {

using test::FakeGuest;

// Records what it hears; sends what it is given.
struct Recorder : H2Exchange {
  std::string to_send;
  bool send_end = true;
  int status = 0;
  int64_t pid = -1;
  std::string body;
  std::optional<H2Fields> trailers;
  std::optional<Status> ended;

  Pulled pull_body(std::span<uint8_t> into) override {
    const size_t take = std::min(into.size(), to_send.size());
    std::memcpy(into.data(), to_send.data(), take);
    to_send.erase(0, take);
    return {take, send_end && to_send.empty()};
  }
  void on_response(const H2Fields& fields) override {
    status = fields.status;
    pid = fields.number("x-pid").value_or(-1);
  }
  void on_body(std::span<const uint8_t> bytes) override { body.append(bytes.begin(), bytes.end()); }
  void on_trailers(const H2Fields& fields) override { trailers = fields; }
  void on_end(const Status& how) override { ended = how; }
};

struct H2ClientTest : testing::Test {
  H2Client client;
  FakeGuest guest{false};
  std::string pending;

  // What the owner does with bytes: feeds them and sends what they call for.
  Status feed(std::string_view bytes) {
    auto fed = client.feed({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
    return fed ? client.take_output(pending, SIZE_MAX) : fed;
  }
  std::string output() {
    EXPECT_TRUE(client.take_output(pending, SIZE_MAX));
    return std::exchange(pending, {});
  }
  // Carries bytes both ways until nobody has any more.
  void settle() {
    for (int i = 0; i < 1000; ++i) {
      const std::string to_guest = output();
      ASSERT_TRUE(guest.feed(to_guest));
      const std::string to_host = guest.take_output();
      ASSERT_TRUE(feed(to_host));
      if (to_guest.empty() && to_host.empty()) return;
    }
    FAIL() << "the two never stop talking";
  }
};

TEST_F(H2ClientTest, SendsItsRequestBeforeTheGuestHasSaidAnything) {
  Recorder exchange;
  exchange.to_send = "{}";
  ASSERT_TRUE(client.open("POST", "/v1/container", exchange));
  ASSERT_TRUE(guest.feed(output()));
  ASSERT_NE(guest.find("/v1/container"), nullptr);
  EXPECT_EQ(guest.find("/v1/container")->body, "{}");
  EXPECT_TRUE(guest.find("/v1/container")->complete);
}

TEST_F(H2ClientTest, CarriesAnAnswerBack) {
  Recorder exchange;
  const auto stream = client.open("GET", "/v1/ping", exchange);
  settle();
  guest.answer(*stream, 200, "{\"version\":\"1\"}");
  settle();
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.body, "{\"version\":\"1\"}");
  ASSERT_TRUE(exchange.ended);
  EXPECT_TRUE(exchange.ended->has_value());
}

TEST_F(H2ClientTest, StreamsAProcessToItsTrailers) {
  Recorder exchange;
  exchange.to_send = "head";
  exchange.send_end = false;
  const auto stream = client.open("POST", "/v1/processes/init", exchange);
  settle();
  guest.begin(*stream, 200, {{"x-pid", "42"}});
  guest.send(*stream, "output");
  settle();
  EXPECT_EQ(exchange.pid, 42);
  EXPECT_EQ(exchange.body, "output");
  EXPECT_FALSE(exchange.ended);

  guest.end(*stream, {{"x-exit-code", "3"}, {"x-signal", "0"}});
  settle();
  ASSERT_TRUE(exchange.trailers);
  EXPECT_EQ(exchange.trailers->number("x-exit-code"), 3);
  ASSERT_TRUE(exchange.ended && exchange.ended->has_value());
}

TEST_F(H2ClientTest, SendsMoreBodyWhenResumed) {
  Recorder exchange;
  exchange.send_end = false;
  const auto stream = client.open("POST", "/v1/processes/init", exchange);
  settle();
  EXPECT_EQ(guest.find("/v1/processes/init")->body, "");
  exchange.to_send = "later";
  exchange.send_end = true;
  client.resume(*stream);
  settle();
  EXPECT_EQ(guest.find("/v1/processes/init")->body, "later");
  EXPECT_TRUE(guest.find("/v1/processes/init")->complete);
}

TEST_F(H2ClientTest, StopsSendingAtTheGuestsWindow) {
  Recorder exchange;
  exchange.to_send = std::string(3 << 20, 'x');
  const auto stream = client.open("POST", "/v1/processes/init", exchange);
  settle();
  const size_t first = guest.find("/v1/processes/init")->body.size();
  EXPECT_EQ(first, 1u << 20);
  guest.release(*stream, first);
  settle();
  EXPECT_GT(guest.find("/v1/processes/init")->body.size(), first);
}

TEST_F(H2ClientTest, HoldsTheGuestBackUntilOutputIsConsumed) {
  Recorder exchange;
  const auto stream = client.open("POST", "/v1/processes/init", exchange);
  settle();
  guest.begin(*stream, 200);
  guest.send(*stream, std::string(4 << 20, 'o'));
  settle();
  EXPECT_EQ(exchange.body.size(), H2Client::kStreamWindow);
  client.consume(*stream, exchange.body.size());
  settle();
  EXPECT_EQ(exchange.body.size(), 2 * H2Client::kStreamWindow);
}

TEST_F(H2ClientTest, ManyStalledStreamsDoNotStarveAnother) {
  std::vector<std::unique_ptr<Recorder>> stalled;
  for (int i = 0; i < 20; ++i) {
    stalled.push_back(std::make_unique<Recorder>());
    const auto stream = client.open("POST", "/v1/processes/p" + std::to_string(i), *stalled.back());
    settle();
    guest.begin(*stream, 200);
    guest.send(*stream, std::string(2 << 20, 'o'));
  }
  settle();
  Recorder exchange;
  const auto stream = client.open("GET", "/v1/ping", exchange);
  settle();
  guest.answer(*stream, 200, "{}");
  settle();
  EXPECT_EQ(exchange.body, "{}");
}

TEST_F(H2ClientTest, AbandonsAStreamForGood) {
  Recorder exchange;
  exchange.send_end = false;
  const auto stream = client.open("POST", "/v1/processes/p", exchange);
  settle();
  guest.begin(*stream, 200);
  client.abandon(*stream);
  guest.send(*stream, "too late");
  settle();
  EXPECT_FALSE(exchange.ended);
  EXPECT_EQ(exchange.body, "");
  EXPECT_TRUE(guest.find("/v1/processes/p")->reset);
}

TEST_F(H2ClientTest, AbandonsAStreamThatWasNeverSent) {
  auto exchange = std::make_unique<Recorder>();
  const auto stream = client.open("POST", "/v1/processes/p", *exchange);
  client.abandon(*stream);
  exchange.reset();
  settle();
  EXPECT_EQ(client.open_streams(), 0u);
}

TEST_F(H2ClientTest, TellsOfAResetByTheGuest) {
  Recorder exchange;
  const auto stream = client.open("POST", "/v1/processes/p", exchange);
  settle();
  guest.reset(*stream);
  settle();
  ASSERT_TRUE(exchange.ended);
  EXPECT_FALSE(exchange.ended->has_value());
}

TEST_F(H2ClientTest, EndsEveryExchangeWhenTheTransportIsGone) {
  Recorder one, two;
  ASSERT_TRUE(client.open("GET", "/a", one));
  ASSERT_TRUE(client.open("GET", "/b", two));
  client.fail_all({Code::kUnavailable, "QEMU is gone", {}});
  ASSERT_TRUE(one.ended && two.ended);
  EXPECT_EQ(one.ended->error().message, "QEMU is gone");
  EXPECT_EQ(client.open_streams(), 0u);
}

TEST_F(H2ClientTest, RefusesGarbage) {
  output();
  EXPECT_FALSE(feed("HTTP/1.1 400 Bad Request\r\n\r\n and some more bytes to fill a frame header"));
}

TEST_F(H2ClientTest, RefusesAFrameLargerThanItAllowed) {
  settle();
  std::string frame = {'\xff', '\xff', '\xff', 0, 0, 0, 0, 0, 1};
  EXPECT_FALSE(feed(frame + std::string(1 << 20, 'x')));
}

TEST_F(H2ClientTest, RefusesAPushedStream) {
  Recorder exchange;
  ASSERT_TRUE(client.open("GET", "/v1/ping", exchange));
  settle();
  const std::string promise = {0, 0, 4, 5, 4, 0, 0, 0, 1, 0, 0, 0, 2};
  EXPECT_FALSE(feed(promise));
}

TEST_F(H2ClientTest, GivesUpOnAFloodOfPings) {
  settle();
  std::string ping = {0, 0, 8, 6, 0, 0, 0, 0, 0};
  ping += "12345678";
  int taken = 0;
  // The transport is stuck: nothing is taken out.
  while (taken < 100'000 &&
         client.feed({reinterpret_cast<const uint8_t*>(ping.data()), ping.size()}))
    ++taken;
  EXPECT_LT(taken, 100'000) << "acknowledgements pile up without limit";
}

TEST_F(H2ClientTest, EndsWhenTheGuestSaysGoodbye) {
  Recorder exchange;
  ASSERT_TRUE(client.open("POST", "/v1/container", exchange));
  settle();
  guest.goaway();
  EXPECT_FALSE(feed(guest.take_output()));
}

TEST_F(H2ClientTest, DropsFieldsItDoesNotKnowAndKeepsNumbersHonest) {
  Recorder exchange;
  const auto stream = client.open("POST", "/v1/processes/p", exchange);
  settle();
  test::FieldList fields = {{"server", "x"}, {"x-pid", "12junk"}};
  for (int i = 0; i < 200; ++i) fields.emplace_back("x-n" + std::to_string(i), "1");
  guest.begin(*stream, 200, fields);
  settle();
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.pid, -1);
}

}  // namespace
}  // namespace bulkhead::qemu
