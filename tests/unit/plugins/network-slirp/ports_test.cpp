// Published ports of both families, and of one port under several addresses.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "network_fixture.hpp"

namespace bulkhead::net::test {
namespace {

const Ip kLoopback6 = ip("::1");

struct PortsTest : NetworkTest {
  void SetUp() override { create(); }
  static Json two(const char* first, const char* second, uint16_t port, const char* proto) {
    Json ports = published(port, proto, first);
    ports.push_back(published(port, proto, second).at(0));
    return ports;
  }
};

void reply(const ScriptedMember& member, const Packet& asked, const char* text) {
  const Buffer data(text, text + std::char_traits<char>::length(text));
  member.send(build_udp({member.lease.mac, asked.source, asked.to, asked.from},
                        asked.destination_port, asked.source_port, data));
}

TEST_F(PortsTest, TcpOverIpv6CarriesAndEndsEachDirectionApart) {
  const uint16_t port = free_port(SOCK_STREAM, kLoopback6);
  ScriptedMember web = attach("web", kWeb, published(port, "tcp", "::1"));
  const UniqueFd client = connect_to(port, kLoopback6);
  const auto syn = web.segment(80, kSyn);
  ASSERT_TRUE(syn);
  EXPECT_EQ(syn->to, *kWeb.v6);
  EXPECT_EQ(syn->from, *kGateway.v6);
  web.say(*syn, kSyn | kAck);
  ASSERT_EQ(::send(client.get(), "ask", 3, 0), 3);
  ::shutdown(client.get(), SHUT_WR);
  const auto fin = web.segment(80, kFin);
  ASSERT_TRUE(fin);
  web.say(*fin, kAck | kPsh, "answer");
  EXPECT_EQ(received(client.get()), "answer");
}

TEST_F(PortsTest, TcpOverIpv6IsNotOpenOverIpv4AndFreeAfterwards) {
  const uint16_t port = free_port(SOCK_STREAM, kLoopback6);
  attach("web", kWeb, published(port, "tcp", "::1"));
  const UniqueFd stranger(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const SocketAddress address = socket_address(ip("127.0.0.1"), port);
  EXPECT_NE(::connect(stranger.get(), address.raw(), address.size), 0);
  EXPECT_FALSE(
      host.call(plugin, "network.attach", attachment("db", kDb, published(port, "tcp", "::1")))
          .result);
  ASSERT_TRUE(host.call(plugin, "network.detach", {{"container", "web"}}).result);
  attach("db", kDb, published(port, "tcp", "::1"));
}

TEST_F(PortsTest, UdpOverIpv6HasReplies) {
  const uint16_t port = free_port(SOCK_DGRAM, kLoopback6);
  ScriptedMember web = attach("web", kWeb, published(port, "udp", "::1"));
  const UniqueFd client = connect_to(port, kLoopback6, SOCK_DGRAM);
  ASSERT_EQ(::send(client.get(), "ask", 3, 0), 3);
  const auto asked = web.next(is_udp);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->to, *kWeb.v6);
  EXPECT_EQ(asked->destination_port, 80);
  reply(web, *asked, "ok");
  EXPECT_EQ(received(client.get()), "ok");
}

TEST_F(PortsTest, NamesOverTcpOverIpv6) {
  ScriptedMember web = attach("web", kWeb);
  web.send(tcp(kWeb, *kGateway.v6, 1234, 53, kSyn, 999));
  const auto accepted = web.segment(1234, kSyn | kAck);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->source_port, 53);
  EXPECT_EQ(accepted->from, *kGateway.v6);
  web.say(*accepted, kAck | kPsh, with_length(name_query("web")));
  const auto answer =
      web.next([](const Packet& p) { return p.protocol == kTcp && p.data < p.frame.size(); });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->source_port, 53);
  EXPECT_EQ(answer->frame.back(), 2);
}

TEST_F(PortsTest, OneTcpPortUnderTwoAddresses) {
  const uint16_t port = free_port(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb, two("127.0.0.1", "127.0.0.2", port, "tcp"));
  for (const char* address : {"127.0.0.1", "127.0.0.2"}) {
    const UniqueFd client = connect_to(port, ip(address));
    const auto syn = web.segment(80, kSyn);
    ASSERT_TRUE(syn) << address;
    web.say(*syn, kSyn | kAck);
    ASSERT_EQ(::send(client.get(), address, 9, 0), 9);
    const auto ask = web.segment(80, kPsh);
    ASSERT_TRUE(ask);
    web.say(*ask, kAck | kPsh, "answer");
    EXPECT_EQ(received(client.get()), "answer") << address;
  }
}

// The container can't tell by which address it was asked; its answer leaves by that one all the
// same. A connected client hears no other.
TEST_F(PortsTest, OneUdpPortUnderTwoAddressesAnswersFromTheOneAsked) {
  const uint16_t port = free_port(SOCK_DGRAM);
  Json ports = two("127.0.0.1", "127.0.0.2", port, "udp");
  ports.push_back(published(port, "udp", "127.0.0.3").at(0));
  ScriptedMember web = attach("web", kWeb, ports);
  std::vector<std::pair<UniqueFd, Packet>> open;
  std::vector<Buffer> kept;
  for (const char* address : {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.2"}) {
    UniqueFd client = connect_to(port, ip(address), SOCK_DGRAM);
    ASSERT_EQ(::send(client.get(), "ask", 3, 0), 3);
    const auto asked = web.next(is_udp);
    ASSERT_TRUE(asked) << address;
    EXPECT_EQ(asked->destination_port, 80) << address;
    EXPECT_EQ(std::string(asked->data_bytes().begin(), asked->data_bytes().end()), "ask");
    EXPECT_EQ(checksum(asked->from, asked->to, kUdp, asked->frame.subspan(asked->payload)), 0)
        << address;
    open.emplace_back(std::move(client), *asked);
  }
  // All asked before any is answered, and answered in another order.
  for (size_t i = open.size(); i-- > 0;) {
    reply(web, open[i].second, "ok");
    EXPECT_EQ(received(open[i].first.get()), "ok") << i;
  }
}

// One socket that asks by both addresses in turn has each answer from where it asked.
TEST_F(PortsTest, OneClientOfTwoAddressesHasEachAnswerFromTheLastAsked) {
  const uint16_t port = free_port(SOCK_DGRAM);
  ScriptedMember web = attach("web", kWeb, two("127.0.0.1", "127.0.0.2", port, "udp"));
  const Socket client = bound(SOCK_DGRAM);
  const timeval patience{60, 0};
  ::setsockopt(client.fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (const char* address : {"127.0.0.2", "127.0.0.1", "127.0.0.2"}) {
    SocketAddress peer = socket_address(ip(address), port);
    ASSERT_EQ(::sendto(client.fd.get(), "ask", 3, 0, peer.raw(), peer.size), 3);
    const auto asked = web.next(is_udp);
    ASSERT_TRUE(asked) << address;
    reply(web, *asked, "ok");
    char bytes[16];
    SocketAddress from;
    from.size = sizeof from.storage;
    ASSERT_EQ(::recvfrom(client.fd.get(), bytes, sizeof bytes, 0, from.raw(), &from.size), 2);
    EXPECT_EQ(ip_of(from.storage), ip(address));
  }
}

}  // namespace
}  // namespace bulkhead::net::test
