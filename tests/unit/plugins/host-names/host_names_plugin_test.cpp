// The plugin with its sockets: who is answered, over what, and what a port that is taken costs.
#include "host_names_plugin.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>

#include "questions.hpp"

namespace bulkhead::names::test {
namespace {

using net::Buffer;
using net::kTypeA;

const net::Ip kLoopback = *net::parse_ip("127.0.0.1");

// A bh_host that keeps the one answer that is waited for.
class Host {
 public:
  Host() {
    host_.size = sizeof host_;
    host_.major = BH_PLUGIN_MAJOR;
    host_.ctx = this;
    host_.get_extension = [](const bh_host*, const char*) -> const void* { return nullptr; };
    host_.log = [](const bh_host*, int32_t, bh_op, bh_bytes) {};
    host_.progress = [](const bh_host*, bh_op, bh_bytes) {};
    host_.emit = [](const bh_host*, const char*, bh_bytes) {};
    host_.complete = [](const bh_host* host, bh_op, bh_bytes, const bh_error* error, const int*,
                        uint32_t) {
      Host* self = static_cast<Host*>(host->ctx);
      const std::lock_guard lock(self->mutex_);
      self->answer_.emplace();
      if (error != nullptr)
        self->answer_ = fail(
            static_cast<Code>(error->code),
            std::string(reinterpret_cast<const char*>(error->message.data), error->message.len));
      self->changed_.notify_all();
    };
  }
  const bh_host* raw() const { return &host_; }
  Status wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return answer_.has_value(); });
    Status answer = std::move(*answer_);
    answer_.reset();
    return answer;
  }

 private:
  bh_host host_{};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Status> answer_;
};

UniqueFd socket_of(int type) {
  UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const timeval patience{60, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

// Free for both kinds, now. The holder of either kind keeps it.
uint16_t take_port(UniqueFd& tcp, UniqueFd& udp) {
  for (int tries = 0; tries < 100; tries++) {
    tcp = socket_of(SOCK_STREAM);
    udp = socket_of(SOCK_DGRAM);
    net::SocketAddress address = net::socket_address(kLoopback, 0);
    if (::bind(tcp.get(), address.raw(), address.size) == 0 &&
        ::getsockname(tcp.get(), address.raw(), &address.size) == 0 &&
        ::bind(udp.get(), address.raw(), address.size) == 0)
      return net::port_of(address.storage);
  }
  return 0;
}

uint16_t free_port() {
  UniqueFd tcp, udp;
  return take_port(tcp, udp);
}

struct HostNamesTest : testing::Test {
  HostNamesTest() { EXPECT_TRUE(plugin.start(Json::object())); }
  ~HostNamesTest() override { plugin.stop(); }

  Status serve(uint16_t port, const char* address = "127.0.0.1", const char* web = "192.168.64.2") {
    plugin::Request request{"names.serve",
                            {{"address", address},
                             {"port", port},
                             {"zones", {"test"}},
                             {"names", {{{"name", "web.test"}, {"addresses", {web}}}}}},
                            {}};
    plugin::Reply reply(host.raw(), 1);
    EXPECT_TRUE(plugin.submit(request, reply));
    return host.wait();
  }
  static Buffer over_udp(uint16_t port, const Buffer& message) {
    const UniqueFd client = socket_of(SOCK_DGRAM);
    const net::SocketAddress address = net::socket_address(kLoopback, port);
    EXPECT_EQ(::connect(client.get(), address.raw(), address.size), 0);
    ::send(client.get(), message.data(), message.size(), 0);
    Buffer answer(65536);
    const ssize_t size = ::recv(client.get(), answer.data(), answer.size(), 0);
    answer.resize(size < 0 ? 0 : static_cast<size_t>(size));
    return answer;
  }
  static UniqueFd connect_to(uint16_t port) {
    UniqueFd client = socket_of(SOCK_STREAM);
    const net::SocketAddress address = net::socket_address(kLoopback, port);
    if (::connect(client.get(), address.raw(), address.size) != 0) client.reset();
    return client;
  }
  static Buffer framed(const Buffer& message) {
    Buffer out;
    net::append16(out, static_cast<uint16_t>(message.size()));
    net::append(out, message);
    return out;
  }
  static Buffer next_of(int fd) {
    Buffer length(2);
    if (::recv(fd, length.data(), 2, MSG_WAITALL) != 2) return {};
    Buffer answer(net::read16(length, 0));
    if (::recv(fd, answer.data(), answer.size(), MSG_WAITALL) !=
        static_cast<ssize_t>(answer.size()))
      return {};
    return answer;
  }

  Host host;
  HostNamesPlugin plugin{plugin::Host(host.raw())};
};

TEST_F(HostNamesTest, AnswersDatagrams) {
  const uint16_t port = free_port();
  ASSERT_TRUE(serve(port));
  const Buffer answer = over_udp(port, question("web.test", kTypeA));
  EXPECT_EQ(tail(answer, 4), (Buffer{192, 168, 64, 2}));
  EXPECT_EQ(net::read16(answer, 0), 0x1234) << "the question's id";
  EXPECT_EQ(rcode(over_udp(port, question("example.com", kTypeA))), net::kRefused);
  EXPECT_EQ(rcode(over_udp(port, question("other.test", kTypeA))), net::kNxDomain);
}

TEST_F(HostNamesTest, AnswersManyQuestionsOfOneConnection) {
  const uint16_t port = free_port();
  ASSERT_TRUE(serve(port));
  const UniqueFd client = connect_to(port);
  ASSERT_TRUE(client);
  Buffer both = framed(question("web.test", kTypeA));
  net::append(both, framed(question("other.test", kTypeA)));
  for (const size_t cut : {size_t{1}, size_t{20}, both.size()}) {
    ::send(client.get(), both.data(), cut, MSG_NOSIGNAL);
    ::send(client.get(), both.data() + cut, both.size() - cut, MSG_NOSIGNAL);
    EXPECT_EQ(tail(next_of(client.get()), 4), (Buffer{192, 168, 64, 2})) << cut;
    EXPECT_EQ(rcode(next_of(client.get())), net::kNxDomain) << cut;
  }
}

TEST_F(HostNamesTest, ANewTableIsToldAtOnceAndConnectionsStay) {
  const uint16_t port = free_port();
  ASSERT_TRUE(serve(port));
  const UniqueFd client = connect_to(port);
  ASSERT_TRUE(client);
  ASSERT_TRUE(serve(port, "127.0.0.1", "192.168.64.7"));
  const Buffer asked = framed(question("web.test", kTypeA));
  ::send(client.get(), asked.data(), asked.size(), MSG_NOSIGNAL);
  EXPECT_EQ(next_of(client.get()).back(), 7);
  EXPECT_EQ(over_udp(port, question("web.test", kTypeA)).back(), 7);
}

TEST_F(HostNamesTest, MovesToAnotherPort) {
  const uint16_t first = free_port();
  ASSERT_TRUE(serve(first));
  const uint16_t second = free_port();
  ASSERT_TRUE(serve(second));
  EXPECT_EQ(rcode(over_udp(second, question("web.test", kTypeA))), net::kNoError);
  EXPECT_FALSE(connect_to(first));
}

TEST_F(HostNamesTest, APortIsHadWholeOrNotAtAll) {
  for (const int kept : {SOCK_STREAM, SOCK_DGRAM}) {
    UniqueFd tcp, udp;
    const uint16_t port = take_port(tcp, udp);
    if (kept == SOCK_STREAM) {
      ASSERT_EQ(::listen(tcp.get(), 1), 0);
      udp.reset();
    } else {
      tcp.reset();
    }
    const Status served = serve(port);
    ASSERT_FALSE(served);
    EXPECT_EQ(served.error().code, Code::kConflict);
    EXPECT_NE(served.error().message.find("127.0.0.1:" + std::to_string(port)), std::string::npos)
        << served.error().message;
    tcp.reset();
    udp.reset();
    EXPECT_TRUE(serve(port)) << "now it is free, and nothing of the first try is in the way";
  }
}

TEST_F(HostNamesTest, OnlyTheLoopbackWillDo) {
  for (const char* address : {"0.0.0.0", "192.0.2.1", "::", "nonsense"}) {
    const Status served = serve(free_port(), address);
    ASSERT_FALSE(served) << address;
    EXPECT_EQ(served.error().code, Code::kInvalid) << address;
  }
  EXPECT_FALSE(serve(0));
}

TEST_F(HostNamesTest, KnowsOneMethod) {
  plugin::Request request{"names.other", Json::object(), {}};
  plugin::Reply reply(host.raw(), 1);
  EXPECT_FALSE(plugin.submit(request, reply));
  reply.disarm();
}

}  // namespace
}  // namespace bulkhead::names::test
