// Questions for others, with a name server of the test's.
#include "dns_service.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

namespace bulkhead::network::dns {
namespace {

const std::vector<uint8_t> kQuestion = {0x12, 0x34, 1, 0,   0, 1, 0, 0, 0, 0,
                                        0,    0,    1, 'x', 0, 0, 1, 0, 1};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    char name[] = "/tmp/resolv.XXXXXX";
    close(mkstemp(name));
    resolv_conf_ = name;
    std::ofstream(resolv_conf_) << "nameserver 127.0.0.1\n";
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(server_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    socklen_t size = sizeof address;
    getsockname(server_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~ServiceTest() override { std::filesystem::remove(resolv_conf_); }

  void turn(Service& service, Milliseconds at) {
    PollSet set;
    set.at_most(20);
    service.fill(set, at);
    set.wait();
    service.handle(set, at);
  }
  // The server's view: a question and where it came from.
  std::vector<uint8_t> asked() {
    std::vector<uint8_t> bytes(512);
    client_size_ = sizeof client_;
    ssize_t got = recvfrom(server_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                           reinterpret_cast<sockaddr*>(&client_), &client_size_);
    bytes.resize(got > 0 ? std::size_t(got) : 0);
    return bytes;
  }
  void reply(const std::vector<uint8_t>& bytes) {
    sendto(server_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&client_),
           client_size_);
  }

  std::string resolv_conf_;
  UniqueFd server_{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  uint16_t port_ = 0;
  sockaddr_in client_{};
  socklen_t client_size_ = 0;
};

TEST_F(ServiceTest, TheHostsServersAreAskedUnderAnotherId) {
  Service service({}, false, resolv_conf_, port_);
  std::vector<uint8_t> answer;
  service.ask(kQuestion, false, Milliseconds(0), [&](const auto& bytes) { answer = bytes; });
  auto question = asked();
  ASSERT_EQ(question.size(), kQuestion.size());
  auto forged = question;
  forged[0] ^= 0xff;
  forged[2] |= 0x80;
  reply(forged);
  turn(service, Milliseconds(1));
  EXPECT_TRUE(answer.empty());
  question[2] |= 0x80;
  reply(question);
  turn(service, Milliseconds(2));
  ASSERT_EQ(answer.size(), kQuestion.size());
  EXPECT_EQ(read16(answer.data()), 0x1234);
}

TEST_F(ServiceTest, AServerThatIsSilentIsAskedAgainAndThenItIsAFailure) {
  Service service({}, false, resolv_conf_, port_);
  std::vector<uint8_t> answer;
  service.ask(kQuestion, false, Milliseconds(0), [&](const auto& bytes) { answer = bytes; });
  turn(service, Forwarder::kPatience);
  EXPECT_TRUE(answer.empty());
  EXPECT_FALSE(asked().empty());
  EXPECT_FALSE(asked().empty());
  turn(service, 2 * Forwarder::kPatience);
  ASSERT_GE(answer.size(), kHeader);
  EXPECT_EQ(answer[3] & 15, int(Code::kFailure));
}

TEST_F(ServiceTest, AnInternalNetworkAsksNobody) {
  Service service({}, true, resolv_conf_, port_);
  std::vector<uint8_t> answer;
  service.ask(kQuestion, false, Milliseconds(0), [&](const auto& bytes) { answer = bytes; });
  ASSERT_GE(answer.size(), kHeader);
  EXPECT_EQ(answer[3] & 15, int(Code::kNoName));
  EXPECT_TRUE(asked().empty());
}

TEST_F(ServiceTest, ListensForTcpOnTheLoopback) {
  Service service({}, true, resolv_conf_, port_);
  uint16_t port = service.listen();
  ASSERT_NE(port, 0);
  UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  std::vector<uint8_t> message = {0, uint8_t(kQuestion.size())};
  message.insert(message.end(), kQuestion.begin(), kQuestion.end());
  send(client.get(), message.data(), message.size(), 0);
  for (int i = 0; i < 3; ++i) turn(service, Milliseconds(i));
  uint8_t answer[64];
  EXPECT_EQ(recv(client.get(), answer, sizeof answer, MSG_DONTWAIT), ssize_t(message.size()));
  EXPECT_EQ(answer[5] & 15, int(Code::kNoName));
}

}  // namespace
}  // namespace bulkhead::network::dns
