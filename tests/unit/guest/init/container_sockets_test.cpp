// Connections to and from the container over two HTTP/2 sessions back to back, with real Unix
// sockets at their ends.
#include "guest/init/container_sockets.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "guest/core/router.hpp"
#include "host_client.hpp"

namespace bulkhead::guest {
namespace {

namespace fs = std::filesystem;
using test::HostClient;

// Only sockets.
class SocketBackend final : public Backend {
 public:
  SocketBackend(ContainerSockets& all, int tree) : sockets(all), root(tree) {}
  std::string ping() override { return "{}"; }
  Status configure(const ContainerSpec&) override { return {}; }
  Result<StreamOwner*> start(const std::string&, const ProcessSpec&, std::string_view,
                             Caller) override {
    return fail(Code::kUnsupported, "no processes here");
  }
  Status signal(const std::string&, int) override { return {}; }
  Status resize(const std::string&, TerminalSize) override { return {}; }
  Result<StreamOwner*> socket_notices(Caller caller) override { return sockets.notices(caller); }
  Result<StreamOwner*> take_connection(uint64_t connection, Caller caller) override {
    return sockets.take(connection, caller);
  }
  Result<StreamOwner*> connect_socket(uint64_t socket, Caller caller) override {
    return sockets.connect(socket, root, caller);
  }
  Status reset() override { return {}; }
  Status touch(const std::vector<std::string>&) override { return {}; }
  Result<Statistics> statistics() override { return Statistics{}; }
  std::string kernel_log() override { return "{}"; }
  void shut_down() override {}

  ContainerSockets& sockets;
  int root;
};

class ContainerSocketsTest : public testing::Test {
 protected:
  static constexpr int kToHost = 3;
  static constexpr int kToGuest = 5;

  ContainerSocketsTest() {
    std::string pattern = testing::TempDir() + "/sockets-XXXXXX";
    base = mkdtemp(pattern.data());
    fs::create_directories(base / "root/run");
    root.reset(open((base / "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    sockets = std::make_unique<ContainerSockets>(
        loop,
        std::vector<SocketSpec>{{true, "/run/agent", kToHost}, {false, "/run/served", kToGuest}},
        (base / "listeners").string());
    EXPECT_TRUE(sockets->listen());
    backend = std::make_unique<SocketBackend>(*sockets, root.get());
    router = std::make_unique<Router>(*backend);
    new_host();
  }
  ~ContainerSocketsTest() override {
    server.reset();
    sockets.reset();
    fs::remove_all(base);
  }

  void new_host() {
    server.reset();
    client = std::make_unique<HostClient>();
    server = std::make_unique<Http2Server>(*router);
    router->serve(server.get());
  }

  static sockaddr_un address_of(const fs::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }
  UniqueFd dial(const fs::path& path) const {
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address = address_of(path);
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  UniqueFd dial_host() const { return dial(listener_path(kToHost, (base / "listeners").string())); }
  UniqueFd serve_in_container() const {
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address = address_of(base / "root/run/served");
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd.get(), 8), 0);
    return fd;
  }

  // Until nothing moves any more.
  void settle() {
    for (int quiet = 0; quiet < 3; quiet++) {
      if (exchange()) quiet = 0;
      loop.turn(1);
      sockets->forget_ended();
    }
  }
  bool exchange() {
    std::array<uint8_t, 9000> space;
    bool ever = false;
    for (bool moved = true; moved; ever = ever || moved) {
      moved = false;
      if (std::string bytes = client->take_output(); !bytes.empty()) {
        EXPECT_TRUE(server->feed(bytes));
        moved = true;
      }
      while (size_t size = server->take_output(space)) {
        EXPECT_TRUE(client->feed({reinterpret_cast<char*>(space.data()), size}));
        moved = true;
      }
    }
    return ever;
  }

  int32_t open_stream(const std::string& method, const std::string& path, bool end = false) {
    int32_t stream = client->request(method, path, "", end);
    settle();
    return stream;
  }
  // A connection from the container that the host has taken.
  int32_t take(int connection) {
    return open_stream("POST", "/v1/sockets/connections/" + std::to_string(connection));
  }
  static std::string received(int fd) {
    std::string text;
    char piece[65536];
    ssize_t got = 0;
    while ((got = recv(fd, piece, sizeof piece, MSG_DONTWAIT)) > 0)
      text.append(piece, static_cast<size_t>(got));
    return text + (got == 0 ? "<end>" : "");
  }
  static void say(int fd, std::string_view text) {
    EXPECT_EQ(send(fd, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }

  fs::path base;
  Loop loop;
  UniqueFd root;
  std::unique_ptr<ContainerSockets> sockets;
  std::unique_ptr<SocketBackend> backend;
  std::unique_ptr<Router> router;
  std::unique_ptr<Http2Server> server;
  std::unique_ptr<HostClient> client;
};

TEST_F(ContainerSocketsTest, HostIsToldTakesAndTalks) {
  int32_t notices = open_stream("GET", "/v1/sockets", true);
  UniqueFd program = dial_host();
  settle();
  EXPECT_EQ(client->reply(notices).body, "{\"socket\":3,\"connection\":1}\n");
  int32_t stream = take(1);
  EXPECT_EQ(client->reply(stream).status, 200);
  say(program.get(), "question");
  client->send(stream, "answer");
  settle();
  EXPECT_EQ(client->reply(stream).body, "question");
  EXPECT_EQ(received(program.get()), "answer");
  EXPECT_EQ(client->reply(take(1)).status, 404) << "taken already";
}

TEST_F(ContainerSocketsTest, AnybodyInTheContainerMayConnect) {
  struct stat status {};
  ASSERT_EQ(stat(listener_path(kToHost, (base / "listeners").string()).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0766U);
}

TEST_F(ContainerSocketsTest, DirectionsEndApart) {
  UniqueFd program = dial_host();
  settle();
  int32_t stream = take(1);
  client->finish(stream);
  settle();
  EXPECT_EQ(received(program.get()), "<end>");
  say(program.get(), "still talking");
  settle();
  EXPECT_EQ(client->reply(stream).body, "still talking");
  EXPECT_FALSE(client->reply(stream).closed);
  program.reset();
  settle();
  EXPECT_TRUE(client->reply(stream).closed);
  EXPECT_EQ(client->reply(stream).reset, 0U);

  program = dial_host();
  settle();
  stream = take(2);
  shutdown(program.get(), SHUT_WR);
  settle();
  EXPECT_FALSE(client->reply(stream).closed) << "only its own direction";
  client->send(stream, "late");
  client->finish(stream);
  settle();
  EXPECT_EQ(received(program.get()), "late<end>");
  EXPECT_TRUE(client->reply(stream).closed);
}

TEST_F(ContainerSocketsTest, AProgramThatGoesEndsTheStreamThoughTheHostStillSends) {
  UniqueFd program = dial_host();
  settle();
  int32_t stream = take(1);
  say(program.get(), "last words");
  program.reset();
  settle();
  EXPECT_EQ(client->reply(stream).body, "last words");
  EXPECT_TRUE(client->reply(stream).closed);
  EXPECT_EQ(client->reply(stream).reset, 0U) << "NO_ERROR, after everything was said";
}

TEST_F(ContainerSocketsTest, AProgramThatGoesAfterItsEndEndsTheStream) {
  UniqueFd program = dial_host();
  settle();
  int32_t stream = take(1);
  shutdown(program.get(), SHUT_WR);
  settle();
  EXPECT_FALSE(client->reply(stream).closed);
  program.reset();
  settle();
  EXPECT_TRUE(client->reply(stream).closed);
}

TEST_F(ContainerSocketsTest, AResetClosesTheConnection) {
  UniqueFd program = dial_host();
  settle();
  int32_t stream = take(1);
  client->reset(stream);
  settle();
  EXPECT_EQ(received(program.get()), "<end>");
}

TEST_F(ContainerSocketsTest, AProgramThatDoesNotReadHoldsTheHostBack) {
  UniqueFd program = dial_host();
  settle();
  int32_t stream = take(1);
  const std::string much(4 << 20, 'x');
  client->send(stream, much);
  client->finish(stream);
  settle();
  // In pieces, so that what is kept never runs empty in between.
  std::string got;
  for (int turn = 0; turn < 10'000 && got.size() < much.size(); turn++) {
    char piece[50'000];
    ssize_t size = recv(program.get(), piece, sizeof piece, MSG_DONTWAIT);
    if (size > 0) got.append(piece, static_cast<size_t>(size));
    exchange();
    loop.turn(0);
  }
  EXPECT_TRUE(got == much) << got.size();
  settle();
  EXPECT_EQ(received(program.get()), "<end>");
}

TEST_F(ContainerSocketsTest, AHostThatDoesNotReadHoldsTheProgramBack) {
  UniqueFd program = dial_host();
  settle();
  int32_t stream = take(1);
  client->set_reading(false);
  size_t sent = 0;
  const std::string piece(100'000, 'x');
  for (int turn = 0; turn < 200; turn++) {
    ssize_t put = send(program.get(), piece.data(), piece.size(), MSG_NOSIGNAL);
    if (put > 0) sent += static_cast<size_t>(put);
    exchange();
    loop.turn(0);
  }
  EXPECT_EQ(client->reply(stream).body.size(), size_t{kStreamWindow});
  EXPECT_LT(sent, size_t{kStreamWindow} + (1 << 20)) << "the rest is in the kernel's buffer";
  client->set_reading(true);
  settle();
  EXPECT_EQ(client->reply(stream).body.size(), sent);
}

// It may have taken half a line with it.
TEST_F(ContainerSocketsTest, ANewHostIsToldOfAllThatWait) {
  open_stream("GET", "/v1/sockets", true);
  UniqueFd first = dial_host();
  UniqueFd second = dial_host();
  settle();
  take(1);
  new_host();
  settle();
  UniqueFd third = dial_host();
  settle();
  int32_t notices = open_stream("GET", "/v1/sockets", true);
  EXPECT_EQ(client->reply(notices).body,
            "{\"socket\":3,\"connection\":2}\n{\"socket\":3,\"connection\":3}\n");
  EXPECT_EQ(received(first.get()), "<end>") << "its host has gone";
  EXPECT_EQ(client->reply(open_stream("GET", "/v1/sockets", true)).status, 409);
}

TEST_F(ContainerSocketsTest, SoManyWaitAndNoMore) {
  std::vector<UniqueFd> programs;
  for (size_t i = 0; i < ContainerSockets::kMostWaiting + 1; i++) {
    programs.push_back(dial_host());
    loop.turn(0);
  }
  settle();
  EXPECT_EQ(received(programs.back().get()), "<end>");
  EXPECT_EQ(received(programs.front().get()), "");
}

TEST_F(ContainerSocketsTest, HostConnectsToTheContainer) {
  UniqueFd listener = serve_in_container();
  int32_t stream = open_stream("POST", "/v1/sockets/5/connect");
  ASSERT_EQ(client->reply(stream).status, 200);
  UniqueFd program(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  ASSERT_TRUE(program);
  client->send(stream, "hello");
  settle();
  EXPECT_EQ(received(program.get()), "hello");
}

TEST_F(ContainerSocketsTest, NobodyWhoListensIsTheCallersMistake) {
  EXPECT_EQ(client->reply(open_stream("POST", "/v1/sockets/5/connect")).status, 404);
  serve_in_container();  // and leaves its file behind
  int32_t stream = open_stream("POST", "/v1/sockets/5/connect");
  EXPECT_EQ(client->reply(stream).status, 404);
  EXPECT_THAT(client->reply(stream).body,
              testing::HasSubstr("nobody listens at the container's /run/served"));
  EXPECT_EQ(client->reply(open_stream("POST", "/v1/sockets/3/connect")).status, 404)
      << "the other direction";
  EXPECT_EQ(client->reply(open_stream("POST", "/v1/sockets/77/connect")).status, 404);
  EXPECT_EQ(client->reply(open_stream("POST", "/v1/sockets/connections/1")).status, 404);
}

TEST_F(ContainerSocketsTest, ALinkOfTheContainerLeadsNoConnectionOut) {
  UniqueFd outside(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = address_of(base / "outside");
  ASSERT_EQ(bind(outside.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(outside.get(), 1), 0);
  fs::create_symlink("../../outside", base / "root/run/served");
  EXPECT_EQ(client->reply(open_stream("POST", "/v1/sockets/5/connect")).status, 404);
}

}  // namespace
}  // namespace bulkhead::guest
