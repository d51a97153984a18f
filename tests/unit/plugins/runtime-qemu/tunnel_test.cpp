#include "tunnel.hpp"

#include "guest_wire.hpp"

namespace bulkhead::qemu::test {
namespace {

constexpr const char* kPath = "/v1/sockets/0/connect";

struct TunnelTest : GuestWire {
  Peer program;
  TunnelBudget budget;
  std::unique_ptr<Tunnel> tunnel;
  int ends = 0;

  void open() {
    auto pair = socket_pair();
    ASSERT_TRUE(pair);
    program = Peer(std::move(pair->first));
    open(std::move(pair->second));
  }
  void open(UniqueFd host) {
    tunnel = std::make_unique<Tunnel>(loop, *channel, budget, std::move(host), [this] {
      ++ends;
      tunnel.reset();
    });
    tunnel->open(kPath);
    ASSERT_TRUE(until([&] { return guest.find(kPath) != nullptr; }));
  }
  void TearDown() override {
    tunnel.reset();
    EXPECT_EQ(budget.held, 0u);
    GuestWire::TearDown();
  }
  GuestRequest& request() { return *guest.find(kPath); }
  void accept() { guest.begin(request().stream, 200); }
};

TEST_F(TunnelTest, CarriesBothDirectionsAndTheirEnds) {
  open();
  accept();
  program.send("question");
  program.end_sending();
  ASSERT_TRUE(until([&] { return request().complete; }));
  EXPECT_EQ(request().body, "question");
  settle();
  EXPECT_FALSE(program.ended()) << "the other direction is still open";
  guest.send(request().stream, "answer");
  guest.end_without_trailers(request().stream);
  ASSERT_TRUE(until([&] { return program.ended(); }));
  EXPECT_EQ(program.received(), "answer");
  ASSERT_TRUE(until([&] { return ends == 1; }));
  EXPECT_FALSE(request().reset);
}

TEST_F(TunnelTest, GoesOnSendingAfterTheGuestHasEndedItsDirection) {
  open();
  accept();
  guest.send(request().stream, "hello");
  guest.end_without_trailers(request().stream);
  ASSERT_TRUE(until([&] { return program.ended(); }));
  program.send("late");
  ASSERT_TRUE(until([&] { return request().body == "late"; }));
  EXPECT_FALSE(request().complete || request().reset);
  EXPECT_EQ(ends, 0);
  program.end_sending();
  ASSERT_TRUE(until([&] { return request().complete && ends == 1; }));
}

TEST_F(TunnelTest, ClosesWhatTheGuestRefuses) {
  open();
  guest.answer(request().stream, 404, R"({"code":3,"message":"nobody listens"})");
  ASSERT_TRUE(until([&] { return program.ended() && ends == 1; }));
  EXPECT_EQ(program.received(), "");
}

TEST_F(TunnelTest, DeliversWhatCameBeforeAReset) {
  open();
  accept();
  guest.send(request().stream, "last words");
  settle();
  guest.reset(request().stream);
  ASSERT_TRUE(until([&] { return program.ended() && ends == 1; }));
  EXPECT_EQ(program.received(), "last words");
}

TEST_F(TunnelTest, ResetsTheGuestsSideWhenTheProgramIsGone) {
  open();
  accept();
  program.close();
  ASSERT_TRUE(until([&] { return request().complete; })) << "the guest reads its end";
  settle();
  EXPECT_FALSE(request().reset);
  guest.send(request().stream, "anybody there?");
  ASSERT_TRUE(until([&] { return request().reset && ends == 1; }));
}

TEST_F(TunnelTest, ClosesTheGuestsConnectionIfThereIsNobodyHere) {
  open(UniqueFd());
  ASSERT_TRUE(until([&] { return request().complete; }));
  EXPECT_EQ(request().body, "");
  accept();
  ASSERT_TRUE(until([&] { return request().reset && ends == 1; }));
}

TEST_F(TunnelTest, EndsWithTheConnectionToTheGuest) {
  open();
  accept();
  guest.send(request().stream, "last words");
  settle();
  far.reset();
  ASSERT_TRUE(until([&] { return program.ended() && ends == 1; }));
  EXPECT_EQ(program.received(), "last words");
}

TEST_F(TunnelTest, AProgramWaitsForAGuestThatDoesNotRead) {
  open();
  accept();
  const std::string block(1 << 20, 'p');
  size_t sent = 0;
  for (int i = 0; i < 8; ++i) {
    sent += program.send(block);
    settle();
  }
  EXPECT_EQ(request().body.size(), 1u << 20) << "the stream's window";
  EXPECT_LT(sent, 4u << 20) << "what doesn't fit stays with the program";
  while (request().body.size() < sent) {
    const size_t before = request().body.size();
    guest.release(request().stream, before);
    ASSERT_TRUE(until([&] { return request().body.size() > before; }));
    sent += program.send(std::string_view(block).substr(0, 100'000));
    if (sent > 6 << 20) break;
  }
  EXPECT_EQ(ends, 0);
}

TEST_F(TunnelTest, AGuestWaitsForAProgramThatDoesNotRead) {
  open();
  accept();
  const size_t all = 8 << 20;
  guest.send(request().stream, std::string(all, 'g'));
  guest.end_without_trailers(request().stream);
  for (int i = 0; i < 4; ++i) settle();  // others are served meanwhile
  EXPECT_GT(budget.held, 0u);
  EXPECT_LE(budget.held, H2Client::kStreamWindow);
  ASSERT_TRUE(until([&] { return program.ended(); }));
  EXPECT_EQ(program.received().size(), all);
}

TEST_F(TunnelTest, AProgramThatStallsAndGoesReleasesTheGuest) {
  open();
  accept();
  guest.send(request().stream, std::string(8 << 20, 'g'));
  settle();
  program.close();
  ASSERT_TRUE(until([&] { return request().reset && ends == 1; }));
}

TEST_F(TunnelTest, IsCutOffWhenAllTogetherHoldTooMuch) {
  budget.most = 512 << 10;
  open();
  accept();
  guest.send(request().stream, std::string(8 << 20, 'g'));
  ASSERT_TRUE(until([&] { return request().reset && ends == 1; }));
}

}  // namespace
}  // namespace bulkhead::qemu::test
