// The gateway's TCP, with a container played by the test and a pair of sockets as the host.
#include "tcp_connection.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "core/loop/loop.hpp"
#include "scripted_member.hpp"
#include "switch.hpp"
#include "tcp_relay.hpp"

namespace bulkhead::net::test {
namespace {

using namespace std::chrono_literals;

constexpr uint32_t kFirst = 5000;  // the member's sequence number
constexpr uint16_t kPort = 4321, kOther = 80;

bool nothing(const Packet&) {
  return true;
}

struct TcpConnectionTest : testing::Test {
  TcpConnectionTest() {
    auto cable = *make_cable();
    scripted = std::make_unique<ScriptedMember>(std::move(cable.first), kWeb);
    member.lease = kWeb;
    member.socket = std::make_unique<FrameSocket>(
        loop, std::move(cable.second),
        FrameSocket::Callbacks{[](std::span<uint8_t>) {}, [] {}, [] {}});
    int ends[2];
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends);
    host.reset(ends[0]);
    socket.reset(ends[1]);
    wire = {&member,    {kGateway.mac, kWeb.mac, ip("1.2.3.4"), kWeb.v4}, kOther, kPort, 65520,
            kGateway.v4};
  }
  ~TcpConnectionTest() override {
    connection.reset();
    EXPECT_EQ(member.tcp_bytes, 0u) << "everything that was counted is counted back";
    member.socket.reset();
    loop.run();
  }

  Buffer frame(uint8_t flags, uint32_t seq, uint32_t ack, const std::string& data = "",
               uint16_t own_window = 1000, const TcpOffer* offer = nullptr) const {
    Buffer room(kTcpRoom);
    room.insert(room.end(), data.begin(), data.end());
    const auto out = write_segment(
        room, {from(kWeb, ip("1.2.3.4")), kPort, kOther, seq, ack, flags, own_window, offer});
    return {out.begin(), out.end()};
  }
  // The member says something: what it counts from kFirst, what it has heard is `heard`.
  void say(uint8_t flags, uint32_t at, const std::string& data = "", uint16_t own_window = 1000) {
    const Buffer said = frame(flags, kFirst + at, heard, data, own_window);
    connection->segment(*parse_packet(said));
  }
  std::optional<Packet> next() { return scripted->next(nothing, 0); }
  // Everything that came since, and that it is acknowledged with the next word.
  std::string hear() {
    std::string all;
    while (const auto packet = next()) {
      const Bytes data = packet->data_bytes();
      if (packet->seq == heard) {
        all.append(data.begin(), data.end());
        heard += packet->tcp_length();
      }
      acked = packet->ack - kFirst;
      window = window_of(*packet);
    }
    return all;
  }

  void open(uint8_t scale = 0, uint16_t first_window = 1000) {
    const TcpOffer offer{65480, scale};
    const Buffer syn = frame(kSyn, kFirst - 1, 0, "", first_window, &offer);
    connection = std::make_unique<TcpConnection>(wire, std::move(socket), *parse_packet(syn));
    connection->socket_ready(EPOLLOUT);
    const auto answer = next();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->tcp_flags, kSyn | kAck);
    EXPECT_NE(read_offer(*answer).scale, kNoScale);
    heard = answer->seq + 1;
    say(kAck, 0, "", first_window);
  }
  std::string from_socket() const {
    std::string all(4 << 20, 0);
    const ssize_t size = ::recv(host.get(), all.data(), all.size(), MSG_DONTWAIT);
    all.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return all;
  }
  void into_socket(const std::string& text) {
    ASSERT_EQ(::send(host.get(), text.data(), text.size(), MSG_DONTWAIT),
              static_cast<ssize_t>(text.size()));
    connection->socket_ready(EPOLLIN);
  }

  loop::Loop loop;
  Member member;
  UniqueFd host, socket;
  TcpConnection::Wire wire;
  std::unique_ptr<ScriptedMember> scripted;
  std::unique_ptr<TcpConnection> connection;
  uint32_t heard = 0, acked = 0;
  uint16_t window = 0;
};

TEST_F(TcpConnectionTest, NoMoreIsReadThanTheWindowTakes) {
  open();
  into_socket(std::string(2500, 'x'));
  EXPECT_EQ(hear().size(), 1000u);
  say(kAck, 0, "", 600);
  EXPECT_EQ(hear().size(), 600u);
  say(kAck, 0, "", 0);
  EXPECT_EQ(hear(), "");
  say(kAck, 0, "", 1000);
  EXPECT_EQ(hear().size(), 900u);
}

TEST_F(TcpConnectionTest, WindowsAreScaledAndFramesFull) {
  open(7);
  const std::string much(100'000, 'x');
  into_socket(much);
  const auto first = next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->data_bytes().size(), 65480u);
  const auto ends = first->frame.subspan(first->payload);
  EXPECT_EQ(checksum(first->from, first->to, kTcp, ends), 0) << "the sum of all is right";
}

TEST_F(TcpConnectionTest, WhatIsLostIsSentAgain) {
  open();
  into_socket("one");
  into_socket("two");
  const auto lost = next();
  ASSERT_TRUE(lost && next());
  const uint32_t before = heard;
  for (int i = 0; i < 3; i++) say(kAck, 0);
  EXPECT_EQ(hear(), "one") << "after the third time";
  EXPECT_EQ(heard, before + 3);
  say(kAck, 0);
  connection->tick(TcpConnection::Clock::now() + 500ms);
  EXPECT_EQ(hear(), "");
  connection->tick(TcpConnection::Clock::now() + 5s);
  EXPECT_EQ(hear(), "two") << "by the clock";
  say(kAck, 0);
  connection->tick(TcpConnection::Clock::now() + 60s);
  EXPECT_FALSE(next()) << "nothing is left";
}

TEST_F(TcpConnectionTest, OnlyWhatIsNewAndInOrderArrives) {
  open();
  say(kAck, 4, "later");
  say(kAck, 0, "abcd");
  say(kAck, 2, "cdef");
  say(kAck, 0, "ab");
  EXPECT_EQ(from_socket(), "abcdef");
  connection->acknowledge();
  hear();
  EXPECT_EQ(acked, 6u);
  const Buffer wild = frame(kAck, kFirst + 6, heard + 9, "acknowledges what was never said");
  connection->segment(*parse_packet(wild));
  EXPECT_EQ(from_socket(), "");
}

TEST_F(TcpConnectionTest, ASocketThatTakesNothingClosesTheWindow) {
  open(7);
  const std::string piece(32 << 10, 'x');
  uint32_t at = 0;
  for (int i = 0; i < 200; i++) {
    say(kAck, at, piece);
    connection->acknowledge();
    hear();
    at = acked;
  }
  EXPECT_EQ(window, 0);
  EXPECT_GE(member.tcp_bytes, TcpConnection::kMostKept / 2);
  EXPECT_LE(member.tcp_bytes, TcpConnection::kMostKept + piece.size());
  size_t arrived = 0;
  while (const size_t size = from_socket().size()) {
    arrived += size;
    connection->socket_ready(EPOLLOUT);
  }
  EXPECT_EQ(arrived, at);
  hear();
  EXPECT_GT(window, 0) << "and it is told so";
}

TEST_F(TcpConnectionTest, ResetsMustBeInTheWindow) {
  open();
  say(kRst, 3 << 20);
  EXPECT_FALSE(connection->ended());
  say(kRst, 0);
  EXPECT_TRUE(connection->ended());
  EXPECT_EQ(::send(host.get(), "x", 1, MSG_NOSIGNAL), -1);
}

TEST_F(TcpConnectionTest, DirectionsEndApart) {
  open();
  ::shutdown(host.get(), SHUT_WR);
  connection->socket_ready(EPOLLIN | EPOLLRDHUP);
  const auto fin = next();
  ASSERT_TRUE(fin);
  EXPECT_EQ(fin->tcp_flags & kFin, kFin);
  heard++;
  say(kAck, 0, "still here");
  EXPECT_EQ(from_socket(), "still here");
  EXPECT_FALSE(connection->ended());
  say(kFin | kAck, 10);
  EXPECT_TRUE(connection->ended());
  hear();
  EXPECT_EQ(acked, 11u);
}

TEST_F(TcpConnectionTest, OneThatNeverAnswersIsGivenUp) {
  connection = std::make_unique<TcpConnection>(wire, std::move(socket));
  EXPECT_TRUE(next());
  connection->tick(TcpConnection::Clock::now() + 2s);
  EXPECT_TRUE(next()) << "asked again";
  connection->tick(TcpConnection::Clock::now() + 80s);
  EXPECT_TRUE(connection->ended());
}

TEST_F(TcpConnectionTest, AMemberHasSoManyConnections) {
  Switch members(kGateway, {});
  TcpRelay relay(loop, {kGateway, 65520, {}}, members);
  member.tcp_connections = TcpRelay::kMostOfMember;
  const Buffer syn = tcp(kWeb, kGateway.v4, 1, 9, kSyn, 1);
  relay.receive(member, *parse_packet(syn));
  EXPECT_FALSE(next());
  EXPECT_EQ(member.tcp_connections, TcpRelay::kMostOfMember);
  const Buffer stray = tcp(kWeb, kGateway.v4, 1, 9, kAck, 1);
  relay.receive(member, *parse_packet(stray));
  const auto reset = next();
  ASSERT_TRUE(reset) << "of no connection";
  EXPECT_EQ(reset->tcp_flags & kRst, kRst);
}

TEST(TcpOffer, OptionsThatContradictThemselvesEndTheList) {
  const auto offered = [](Buffer options) {
    Buffer segment = {0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, kSyn, 0, 0, 0, 0, 0, 0};
    while (options.size() % 4 != 0) options.push_back(0);
    append(segment, options);
    segment[12] = static_cast<uint8_t>(segment.size() / 4 << 4);
    const Buffer frame = build_ip(from(kWeb, kGateway.v4), kTcp, segment);
    return read_offer(*parse_packet(frame));
  };
  EXPECT_EQ(offered({2, 4, 5, 180}).biggest, 1460);
  EXPECT_EQ(offered({1, 3, 3, 99}).scale, 14) << "RFC 7323";
  EXPECT_EQ(offered({3, 0, 3, 7}).scale, kNoScale);
  EXPECT_EQ(offered({2, 9, 5, 180}).biggest, 536);
  EXPECT_EQ(offered({1, 1, 1, 3}).scale, kNoScale);
  EXPECT_EQ(offered({0, 3, 3, 7}).scale, kNoScale);
}

}  // namespace
}  // namespace bulkhead::net::test
