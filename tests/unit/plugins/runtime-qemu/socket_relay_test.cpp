#include "socket_relay.hpp"

#include "guest_wire.hpp"

namespace bulkhead::qemu::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct SocketRelayTest : GuestWire {
  std::string remarks;
  std::unique_ptr<SocketRelay> relay;
  std::vector<std::string> connections;  // paths of the guest's connections, as asked for

  void serve(std::vector<Socket> sockets) {
    relay = std::make_unique<SocketRelay>(loop, std::move(sockets), [this](std::string_view line) {
      remarks += std::string(line) + "\n";
    });
    const auto listening = relay->listen();
    ASSERT_TRUE(listening) << listening.error().message;
    relay->serve(*channel);
  }
  void serve_to_guest() {
    serve({{Socket::Direction::kToGuest, path("in.sock"), "/app.sock", {}}});
  }
  // The guest's long answer has begun.
  void serve_to_host() {
    serve({{Socket::Direction::kToHost, path("agent.sock"), "/agent.sock", {}}});
    ASSERT_TRUE(until([&] { return guest.find("/v1/sockets") != nullptr; }));
    guest.begin(notices(), 200);
  }
  void TearDown() override {
    relay.reset();
    GuestWire::TearDown();
  }

  std::string path(const std::string& name) const { return dir / name; }
  int32_t notices() { return guest.find("/v1/sockets")->stream; }
  void notice(int socket, int connection) {
    guest.send(notices(), dump_json({{"socket", socket}, {"connection", connection}}) + "\n");
  }
  GuestRequest* connection(int number) {
    return guest.find("/v1/sockets/connections/" + std::to_string(number));
  }
  Peer connect() {
    auto fd = connect_unix(path("in.sock"));
    EXPECT_TRUE(fd) << fd.error().message;
    return fd ? Peer(std::move(*fd)) : Peer();
  }
  std::vector<GuestRequest*> connects() {
    std::vector<GuestRequest*> out;
    for (GuestRequest& request : guest.requests()) {
      if (request.path == "/v1/sockets/0/connect") out.push_back(&request);
    }
    return out;
  }
  Peer accept(const UniqueFd& listener) {
    UniqueFd fd;
    EXPECT_TRUE(until([&] {
      fd.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      return static_cast<bool>(fd);
    }));
    return Peer(std::move(fd));
  }
  UniqueFd listen(const std::string& name) {
    auto fd = listen_unix(path(name));
    EXPECT_TRUE(fd) << fd.error().message;
    set_nonblocking(fd->get());
    return std::move(*fd);
  }
};

TEST_F(SocketRelayTest, LeadsAProgramOfThisHostToTheGuest) {
  serve_to_guest();
  EXPECT_EQ(guest.find("/v1/sockets"), nullptr) << "nobody needs to be told of connections";
  Peer program = connect();
  program.send("hello");
  ASSERT_TRUE(until([&] { return connects().size() == 1 && connects()[0]->body == "hello"; }));
  guest.begin(connects()[0]->stream, 200);
  guest.send(connects()[0]->stream, "welcome");
  ASSERT_TRUE(until([&] { return program.received() == "welcome"; }));
}

TEST_F(SocketRelayTest, KeepsWhoComesBeforeTheGuestIsThere) {
  relay = std::make_unique<SocketRelay>(
      loop, std::vector<Socket>{{Socket::Direction::kToGuest, path("in.sock"), "/app.sock", {}}},
      [](std::string_view) {});
  ASSERT_TRUE(relay->listen());
  Peer early = connect();
  early.send("early");
  settle();
  EXPECT_TRUE(connects().empty());
  relay->serve(*channel);
  ASSERT_TRUE(until([&] { return connects().size() == 1 && connects()[0]->body == "early"; }));
}

TEST_F(SocketRelayTest, LeadsTheGuestToAProgramOfThisHost) {
  const UniqueFd agent = listen("agent.sock");
  serve_to_host();
  notice(0, 7);
  Peer program = accept(agent);
  ASSERT_TRUE(until([&] { return connection(7) != nullptr; }));
  EXPECT_EQ(connection(7)->method, "POST");
  guest.begin(connection(7)->stream, 200);
  guest.send(connection(7)->stream, "sign this");
  ASSERT_TRUE(until([&] { return program.received() == "sign this"; }));
  program.send("signed");
  program.close();
  ASSERT_TRUE(until([&] { return connection(7)->complete; }));
  EXPECT_EQ(connection(7)->body, "signed");
}

TEST_F(SocketRelayTest, ClosesTheConnectionIfNobodyListensAndFindsWhoComesLater) {
  serve_to_host();
  for (int i = 0; i < 3; ++i) notice(0, i);
  ASSERT_TRUE(until([&] { return connection(2) != nullptr && connection(2)->complete; }));
  EXPECT_THAT(remarks, HasSubstr("/agent.sock"));
  EXPECT_EQ(remarks.find('\n'), remarks.size() - 1) << "told once, not for each connection";

  UniqueFd agent = listen("agent.sock");
  notice(0, 3);
  accept(agent).close();
  agent.reset();
  fs::remove(path("agent.sock"));
  agent = listen("agent.sock");  // restarted: another socket at the same path
  notice(0, 4);
  Peer program = accept(agent);
  ASSERT_TRUE(until([&] { return connection(4) != nullptr; }));
  EXPECT_FALSE(connection(4)->complete);
}

TEST_F(SocketRelayTest, WaitsForAListenerWhoseQueueIsFull) {
  UniqueFd agent = listen("agent.sock");
  ASSERT_EQ(::listen(agent.get(), 0), 0);
  serve_to_host();
  constexpr int kCount = 20;
  for (int i = 0; i < kCount; ++i) notice(0, i);
  settle();
  std::vector<Peer> programs;
  while (programs.size() < kCount) programs.push_back(accept(agent));
  ASSERT_TRUE(until([&] { return connection(kCount - 1) != nullptr; }));
  for (int i = 0; i < kCount; ++i) {
    ASSERT_NE(connection(i), nullptr);
    EXPECT_FALSE(connection(i)->complete) << i << " was closed instead of waiting";
  }
}

TEST_F(SocketRelayTest, OpensNothingThatTheGuestWasNotGiven) {
  const UniqueFd secret = listen("in.sock.other");
  const UniqueFd agent = listen("agent.sock");
  serve({{Socket::Direction::kToGuest, path("in.sock"), "/app.sock", {}},
         {Socket::Direction::kToHost, path("agent.sock"), "/agent.sock", {}}});
  ASSERT_TRUE(until([&] { return guest.find("/v1/sockets") != nullptr; }));
  guest.begin(notices(), 200);
  notice(0, 1);
  notice(2, 2);
  notice(1'000'000'000, 3);
  notice(1, 4);
  ASSERT_TRUE(until([&] { return connection(4) != nullptr; }));
  EXPECT_TRUE(!connection(1) && !connection(2) && !connection(3));
}

TEST_F(SocketRelayTest, GivesUpOnAGuestThatTalksNonsense) {
  serve_to_host();
  guest.send(notices(), "GET / HTTP/1.1\n");
  ASSERT_TRUE(until([&] { return guest.find("/v1/sockets")->reset; }));
  EXPECT_THAT(remarks, HasSubstr("don't work"));
}

TEST_F(SocketRelayTest, SaysThatAGuestKnowsNoSockets) {
  serve({{Socket::Direction::kToHost, path("agent.sock"), "/agent.sock", {}}});
  ASSERT_TRUE(until([&] { return guest.find("/v1/sockets") != nullptr; }));
  guest.answer(notices(), 404, "{}");
  ASSERT_TRUE(until([&] { return !remarks.empty(); }));
  EXPECT_THAT(remarks, HasSubstr("404"));
}

TEST_F(SocketRelayTest, CarriesAThousandConnectionsAndLetsTheNextWait) {
  serve_to_guest();
  std::vector<Peer> programs;
  for (size_t i = 0; i < SocketRelay::kMostTunnels; ++i) {
    programs.push_back(connect());
    programs.back().send(std::to_string(i));
    turn();
  }
  ASSERT_TRUE(until([&] { return connects().size() == programs.size(); }));
  Peer late = connect();
  late.send("late");
  settle();
  EXPECT_EQ(connects().size(), SocketRelay::kMostTunnels);
  for (GuestRequest* request : connects()) {
    ASSERT_TRUE(until([&] { return !request->body.empty(); }));
    guest.begin(request->stream, 200);
    guest.send(request->stream, "you said " + request->body);
  }
  for (size_t i = 0; i < programs.size(); ++i) {
    const std::string expected = "you said " + std::to_string(i);
    ASSERT_TRUE(until([&] { return programs[i].received() == expected; })) << i;
  }
  programs[500].close();
  guest.end_without_trailers(connects()[500]->stream);
  ASSERT_TRUE(until([&] {
    return connects().size() == programs.size() + 1 && connects().back()->body == "late";
  }));
}

TEST_F(SocketRelayTest, TheGuestsConnectionsWaitForRoomToo) {
  const UniqueFd agent = listen("agent.sock");
  serve_to_host();
  const int count = SocketRelay::kMostTunnels + 5;
  std::vector<Peer> programs;
  for (int i = 0; i < count; ++i) notice(0, i);
  for (size_t i = 0; i < SocketRelay::kMostTunnels; ++i) programs.push_back(accept(agent));
  settle();
  EXPECT_EQ(relay->tunnels(), SocketRelay::kMostTunnels);
  for (size_t i = 0; i < 5; ++i) {
    programs[i].close();
    guest.reset(connection(static_cast<int>(i))->stream);
  }
  for (int i = 0; i < 5; ++i) programs.push_back(accept(agent));
  ASSERT_TRUE(until([&] { return connection(count - 1) != nullptr; }));
}

TEST_F(SocketRelayTest, DeliversTheGuestsLastWordsAfterItsEnd) {
  serve_to_guest();
  Peer program = connect();
  ASSERT_TRUE(until([&] { return connects().size() == 1; }));
  guest.begin(connects()[0]->stream, 200);
  guest.send(connects()[0]->stream, std::string(900'000, 'x'));
  settle();
  far.reset();
  auto lost = std::make_shared<bool>(false);
  channel->request("/v1/ping", nullptr, std::chrono::seconds(100),
                   [lost](const Result<Json>& answer) { *lost = !answer; });
  ASSERT_TRUE(until([&] { return *lost; }));
  turn();
  relay->end();
  channel.reset();
  EXPECT_FALSE(fs::exists(path("in.sock")));
  ASSERT_TRUE(until([&] { return program.ended(); }));
  EXPECT_EQ(program.received().size(), 900'000u);
}

TEST_F(SocketRelayTest, MakesAllListenersOrNone) {
  const UniqueFd busy = listen("busy.sock");
  relay = std::make_unique<SocketRelay>(
      loop,
      std::vector<Socket>{{Socket::Direction::kToGuest, path("free.sock"), "/a", {}},
                          {Socket::Direction::kToGuest, path("busy.sock"), "/b", {}}},
      [](std::string_view) {});
  const auto listening = relay->listen();
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, Code::kConflict);
  EXPECT_FALSE(fs::exists(path("free.sock")));
  EXPECT_TRUE(fs::exists(path("busy.sock")));
}

}  // namespace
}  // namespace bulkhead::qemu::test
