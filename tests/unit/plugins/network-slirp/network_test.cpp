// The whole switch, with machines and programs of the host that are scripted.
#include "network.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "member.hpp"

namespace bulkhead::network {
namespace {

using namespace test;

// A TCP or UDP socket on 127.0.0.1.
struct HostSocket {
  explicit HostSocket(int type) : fd(socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = of(0);
    bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    if (type == SOCK_STREAM) listen(fd.get(), 16);
    socklen_t size = sizeof address;
    getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }
  static sockaddr_in of(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  static UniqueFd connected(uint16_t port) {
    UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in address = of(port);
    connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    return fd;
  }
  UniqueFd fd;
  uint16_t port = 0;
};

uint16_t free_port() {
  return HostSocket(SOCK_STREAM).port;
}

auto tcp_with(uint8_t flags) {
  return [flags](const Packet& packet) {
    return packet.protocol == kTcp && (packet.tcp_flags & flags) == flags;
  };
}
bool is_udp(const Packet& packet) {
  return packet.protocol == kUdp;
}

const Address4 kGateway = {10, 0, 0, 1};

class NetworkTest : public ::testing::Test {
 protected:
  void make(NetworkPlan with) { network_ = std::make_unique<Network>(with); }
  Network& network() {
    if (!network_) make(plan());
    return *network_;
  }
  // Whether a connection of the member to a port of the host's loopback comes about.
  bool reaches_host(Member& member) {
    HostSocket server(SOCK_STREAM);
    member.send(member.tcp(kGateway, 4000, server.port, kTcpSyn, 100, 0));
    return member.receive(tcp_with(kTcpSyn | kTcpAck), 20).has_value();
  }
  std::unique_ptr<Network> network_;
};

TEST_F(NetworkTest, MembersReachEachOtherByTheirAddresses) {
  Member one(network(), 2), two(network(), 3);
  one.send(one.udp(two.address(), 1, 2, "hello"));
  auto frame = two.receive(is_udp);
  ASSERT_TRUE(frame);
  EXPECT_EQ(text_of(*packet_in(Frame(*frame))), "hello");
}

TEST_F(NetworkTest, NobodySpeaksInAnothersName) {
  Member one(network(), 2), two(network(), 3), three(network(), 4);
  auto stolen = two.udp(three.address(), 1, 2, "stolen");
  one.send(stolen);
  EXPECT_FALSE(three.receive(is_udp, 5));
}

TEST_F(NetworkTest, TheHostsLoopbackIsTheGateway) {
  Member one(network(), 2);
  EXPECT_TRUE(reaches_host(one));
}

TEST_F(NetworkTest, NotIfTheNetworkSaysSo) {
  NetworkPlan closed = plan();
  closed.rules.host_loopback = false;
  make(closed);
  Member one(network(), 2);
  EXPECT_FALSE(reaches_host(one));
}

TEST_F(NetworkTest, NothingLeavesAnInternalNetwork) {
  NetworkPlan internal = plan();
  internal.rules.internal = true;
  make(internal);
  Member one(network(), 2), two(network(), 3);
  EXPECT_FALSE(reaches_host(one));
  one.send(one.udp(two.address(), 1, 2, "inside"));
  EXPECT_TRUE(two.receive(is_udp));
}

TEST_F(NetworkTest, DatagramsOfAPublishedPortAreAnsweredEvenThen) {
  NetworkPlan internal = plan();
  internal.rules.internal = true;
  make(internal);
  HostSocket client(SOCK_DGRAM);
  uint16_t port = HostSocket(SOCK_DGRAM).port;
  Member one(network(), 2, {{"127.0.0.1", port, 53, true}});
  ASSERT_TRUE(one.joined()) << one.joined().error().message;
  sockaddr_in to = HostSocket::of(port);
  sendto(client.fd.get(), "question", 8, 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  auto frame = one.receive(is_udp);
  ASSERT_TRUE(frame);
  Packet question = *packet_in(Frame(*frame));
  EXPECT_EQ(text_of(question), "question");
  one.send(one.udp(question.source4(), 53, question.source_port, "answer"));
  for (int i = 0; i < 20; ++i) turn(network(), 1);
  char text[16] = {};
  EXPECT_EQ(recv(client.fd.get(), text, sizeof text, MSG_DONTWAIT), 6);
  EXPECT_STREQ(text, "answer");
}

TEST_F(NetworkTest, AConnectionThatTheMemberRefusesIsReset) {
  uint16_t port = free_port();
  Member one(network(), 2, {{"127.0.0.1", port, 80, false}});
  ASSERT_TRUE(one.joined()) << one.joined().error().message;
  UniqueFd client = HostSocket::connected(port);
  auto frame = one.receive(tcp_with(kTcpSyn));
  ASSERT_TRUE(frame);
  Packet syn = *packet_in(Frame(*frame));
  one.send(
      one.tcp(syn.source4(), 80, syn.source_port, kTcpReset | kTcpAck, 0, sequence_of(syn) + 1));
  for (int i = 0; i < 20; ++i) turn(network(), 1);
  char byte = 0;
  EXPECT_EQ(recv(client.get(), &byte, 1, MSG_DONTWAIT), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(NetworkTest, APortInUseIsSaidAndNothingElseOfItIsPublished) {
  HostSocket taken(SOCK_STREAM);
  uint16_t other = free_port();
  Member one(network(), 2, {{"127.0.0.1", other, 80, false}, {"127.0.0.1", taken.port, 81, false}});
  ASSERT_FALSE(one.joined());
  EXPECT_EQ(one.joined().error().code, Code::kConflict);
  EXPECT_EQ(one.joined().error().message,
            "port 127.0.0.1:" + std::to_string(taken.port) + "/tcp is already in use on this host");
  EXPECT_THAT(network().members(), ::testing::IsEmpty());
  Member two(network(), 3, {{"127.0.0.1", other, 80, false}});
  EXPECT_TRUE(two.joined());
}

TEST_F(NetworkTest, APortIsFreeWhenItsMemberHasLeft) {
  uint16_t port = free_port();
  Member one(network(), 2, {{"127.0.0.1", port, 80, false}});
  network().detach("c2");
  Member two(network(), 3, {{"127.0.0.1", port, 80, false}});
  EXPECT_TRUE(two.joined()) << two.joined().error().message;
}

TEST_F(NetworkTest, AMemberIsTakenInAgainByAnotherNetwork) {
  auto link = make_link();
  Network second(plan());
  Member one(network(), 2);
  Membership again = one.is();
  ASSERT_TRUE(second.attach(again, std::move(link->second)));
  Member two(second, 3);
  two.send(two.udp(one.address(), 1, 2, "again"));
  for (int i = 0; i < 5; ++i) turn(second, 1);
  std::vector<uint8_t> buffer(kLongestFrame);
  EXPECT_GT(recv(link->first.get(), buffer.data(), buffer.size(), MSG_DONTWAIT), 0);
}

TEST_F(NetworkTest, TheGatewaysOwnAddressIsNobodys) {
  Membership thief;
  thief.container = "thief";
  thief.identity.mac = {0x52, 0x55, 10, 0, 0, 1};
  auto link = make_link();
  auto attached = network().attach(thief, std::move(link->second));
  ASSERT_FALSE(attached);
  EXPECT_EQ(attached.error().code, Code::kInvalid);
}

// A question for the address of a name.
std::string question(const std::string& label) {
  std::string text("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
  text += char(label.size());
  text += label;
  text += std::string("\x00\x00\x01\x00\x01", 5);
  return text;
}

TEST_F(NetworkTest, NamesAreAnsweredAtTheGateway) {
  Member one(network(), 2), two(network(), 3);
  one.send(one.udp(kGateway, 5000, 53, question("c3")));
  auto frame = one.receive(is_udp);
  ASSERT_TRUE(frame);
  std::string answer = text_of(*packet_in(Frame(*frame)));
  EXPECT_THAT(answer, ::testing::EndsWith(std::string("\x0a\x00\x00\x03", 4)));
  EXPECT_EQ(transport_checksum(*packet_in(Frame(*frame))),
            read16(packet_in(Frame(*frame))->transport.data() + 6));
}

}  // namespace
}  // namespace bulkhead::network
