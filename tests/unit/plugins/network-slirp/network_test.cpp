// The whole plugin, as a container and a client of the host see it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "dns_message.hpp"
#include "network_fixture.hpp"

namespace bulkhead::net::test {
namespace {

TEST_F(NetworkTest, TheGatewayAnswersForItsAddresses) {
  create();
  ScriptedMember web = attach("web", kWeb);
  web.send(arp_request(kWeb, kGateway.v4));
  const auto arp = web.next(is_arp);
  ASSERT_TRUE(arp);
  EXPECT_EQ(arp->arp_sender_mac, kGateway.mac);
  for (const Ip& gateway : {kGateway.v4, *kGateway.v6}) {
    Buffer echo = {gateway.v6 ? uint8_t{128} : uint8_t{8}, 0, 0, 0, 0, 1, 0, 1};
    const Ends ends = from(kWeb, gateway);
    write16(echo, 2, gateway.v6 ? checksum(ends.source, gateway, kIcmpV6, echo) : checksum(echo));
    web.send(build_ip(ends, gateway.v6 ? kIcmpV6 : kIcmp, echo));
    EXPECT_TRUE(web.next([&](const Packet& p) {
      return p.has_icmp && p.from == gateway && (p.icmp_type == 0 || p.icmp_type == 129);
    })) << to_text(gateway);
  }
}

TEST_F(NetworkTest, NamesAreAnsweredAndOthersForwarded) {
  const Socket resolver = bound(SOCK_DGRAM);
  const std::string path = testing::TempDir() + "/resolv.conf";
  std::FILE* file = std::fopen(path.c_str(), "w");
  std::fputs("nameserver 127.0.0.1\n", file);
  std::fclose(file);
  create(Json::object(), {{"resolvConf", path}, {"resolverPort", resolver.port}});
  ScriptedMember web = attach("web", kWeb);
  web.send(udp(kWeb, kGateway.v4, 999, 53, name_query("web.test")));
  const auto own = web.next(is_udp);
  ASSERT_TRUE(own);
  EXPECT_EQ(own->destination_port, 999);
  EXPECT_EQ(own->data_bytes().back(), 2) << "the last byte of the address";
  web.send(udp(kWeb, *kGateway.v6, 998, 53, name_query("example.com")));
  uint8_t bytes[512];
  SocketAddress peer;
  peer.size = sizeof peer.storage;
  const ssize_t size =
      ::recvfrom(resolver.fd.get(), bytes, sizeof bytes, 0, peer.raw(), &peer.size);
  ASSERT_GT(size, 12);
  bytes[2] |= 0x80;
  bytes[3] = kNxDomain;
  ::sendto(resolver.fd.get(), bytes, static_cast<size_t>(size), 0, peer.raw(), peer.size);
  const auto forwarded = web.next(is_udp);
  ASSERT_TRUE(forwarded);
  EXPECT_EQ(read16(forwarded->data_bytes(), 0), 7) << "the question's own id";
  EXPECT_EQ(forwarded->data_bytes()[3] & 15, kNxDomain);
}

TEST_F(NetworkTest, NamesAreAnsweredOverTcp) {
  create();
  ScriptedMember web = attach("web", kWeb);
  web.send(tcp(kWeb, kGateway.v4, 1234, 53, kSyn, 999));
  const auto accepted = web.segment(1234, kSyn | kAck);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->source_port, 53);
  web.say(*accepted, kAck | kPsh, with_length(name_query("web")));
  const auto answer =
      web.next([](const Packet& p) { return p.protocol == kTcp && p.data < p.frame.size(); });
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->frame.back(), 2);
}

TEST_F(NetworkTest, AContainerReachesTheHostsLoopback) {
  create();
  const Socket server = bound(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb);
  web.send(tcp(kWeb, kGateway.v4, 1234, server.port, kSyn, 999));
  const auto accepted = web.segment(1234, kSyn | kAck);
  ASSERT_TRUE(accepted);
  web.say(*accepted, kAck | kPsh, "hello");
  const UniqueFd peer(::accept(server.fd.get(), nullptr, nullptr));
  EXPECT_EQ(received(peer.get()), "hello");
}

TEST_F(NetworkTest, WithoutTheHostItIsRefused) {
  create({{"hostLoopback", false}});
  const Socket server = bound(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb);
  web.send(tcp(kWeb, kGateway.v4, 1234, server.port, kSyn, 999));
  EXPECT_TRUE(web.segment(1234, kRst));
}

TEST_F(NetworkTest, AnInternalNetworkHasNamesAndNoWayOut) {
  create({{"internal", true}});
  ScriptedMember web = attach("web", kWeb);
  web.send(tcp(kWeb, ip("1.2.3.4"), 1234, 80, kSyn, 999));
  EXPECT_TRUE(web.segment(1234, kRst));
  web.send(udp(kWeb, kGateway.v4, 999, 53, name_query("example.com")));
  const auto answer = web.next(is_udp);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->data_bytes()[3] & 15, kNxDomain);
}

TEST_F(NetworkTest, MembersHearEachOtherAndNoImpostor) {
  create();
  ScriptedMember web = attach("web", kWeb);
  ScriptedMember db = attach("db", kDb);
  Lease liar = kWeb;
  liar.v4 = ip("192.168.64.9");
  web.send(build_udp({kWeb.mac, kDb.mac, liar.v4, kDb.v4}, 1, 2, Buffer(1, 'x')));
  web.send(build_udp({kWeb.mac, kDb.mac, kWeb.v4, kDb.v4}, 3, 4, Buffer(1, 'x')));
  const auto heard = db.next(is_udp);
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->source_port, 3) << "the first was a lie";
}

TEST_F(NetworkTest, APublishedPortCarriesAndEndsEachDirectionApart) {
  create();
  const uint16_t port = free_port(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb, published(port, "tcp"));
  const UniqueFd client = connect_to(port);
  const auto syn = web.segment(80, kSyn);
  ASSERT_TRUE(syn);
  web.say(*syn, kSyn | kAck);
  ASSERT_EQ(::send(client.get(), "ask", 3, 0), 3);
  ::shutdown(client.get(), SHUT_WR);
  auto fin = web.segment(80, kFin);
  ASSERT_TRUE(fin);
  web.say(*fin, kAck | kPsh, "answer");
  EXPECT_EQ(received(client.get()), "answer");
}

TEST_F(NetworkTest, ARefusedConnectionIsReset) {
  create();
  const uint16_t port = free_port(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb, published(port, "tcp"));
  const UniqueFd client = connect_to(port);
  const auto syn = web.segment(80, kSyn);
  ASSERT_TRUE(syn);
  web.say(*syn, kRst | kAck);
  EXPECT_EQ(received(client.get()), "error " + std::to_string(ECONNRESET));
}

TEST_F(NetworkTest, DetachResetsAndFreesThePort) {
  create();
  const uint16_t port = free_port(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb, published(port, "tcp"));
  const UniqueFd client = connect_to(port);
  const auto syn = web.segment(80, kSyn);
  ASSERT_TRUE(syn);
  web.say(*syn, kSyn | kAck);
  ASSERT_TRUE(web.segment(80, kAck));
  ASSERT_TRUE(host.call(plugin, "network.detach", {{"container", "web"}}).result);
  EXPECT_EQ(received(client.get()), "error " + std::to_string(ECONNRESET));
  attach("web", kWeb, published(port, "tcp"));
}

TEST_F(NetworkTest, APortInUseIsNamedAndNothingIsAttached) {
  create();
  const Socket taken = bound(SOCK_STREAM);
  const Answer answer =
      host.call(plugin, "network.attach", attachment("web", kWeb, published(taken.port, "tcp")));
  ASSERT_FALSE(answer.result);
  EXPECT_EQ(answer.result.error().code, Code::kConflict);
  EXPECT_EQ(answer.result.error().message,
            "port 127.0.0.1:" + std::to_string(taken.port) + "/tcp is already in use on this host");
  EXPECT_TRUE((*host.call(plugin, "network.inspect", Json::object()).result)["members"].empty());
}

TEST_F(NetworkTest, PublishedUdpHasReplies) {
  create({{"internal", true}});
  const uint16_t port = free_port(SOCK_DGRAM);
  ScriptedMember web = attach("web", kWeb, published(port, "udp"));
  const Socket client = bound(SOCK_DGRAM);
  const SocketAddress address = socket_address(ip("127.0.0.1"), port);
  ::connect(client.fd.get(), address.raw(), address.size);
  ASSERT_EQ(::send(client.fd.get(), "ask", 3, 0), 3);
  const auto asked = web.next(is_udp);
  ASSERT_TRUE(asked);
  const Buffer reply = {'o', 'k'};
  web.send(
      build_udp({kWeb.mac, asked->source, kWeb.v4, asked->from}, 80, asked->source_port, reply));
  EXPECT_EQ(received(client.fd.get()), "ok");
}

TEST_F(NetworkTest, AThousandConnectionsAtOnce) {
  create();
  const uint16_t port = free_port(SOCK_STREAM);
  ScriptedMember web = attach("web", kWeb, published(port, "tcp"));
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 1000; i++) {
    clients.push_back(connect_to(port));
    const auto syn = web.segment(80, kSyn);
    ASSERT_TRUE(syn) << i;
    web.say(*syn, kSyn | kAck);
  }
  ASSERT_EQ(::send(clients.front().get(), "first", 5, 0), 5);
  EXPECT_TRUE(
      web.next([](const Packet& p) { return p.protocol == kTcp && p.data < p.frame.size(); }));
}

TEST_F(NetworkTest, ACableGoesOnWithAnotherHost) {
  create();
  ScriptedMember web = attach("web", kWeb);
  plugin.stop();
  NetworkPlugin next{host.host()};
  ASSERT_TRUE(next.start(Json::object()));
  host.call(next, "network.create",
            {{"network", "n"},
             {"subnet", "192.168.64.0/24"},
             {"gateway", "192.168.64.1"},
             {"subnetV6", "fd00::/64"},
             {"gatewayV6", "fd00::1"},
             {"mtu", 1500}});
  Json body = attachment("web", kWeb);
  body["restore"] = true;
  const Answer restored = host.call(next, "network.attach", body, std::move(spare));
  ASSERT_TRUE(restored.result) << restored.result.error().message;
  EXPECT_TRUE(restored.fds.empty());
  web.send(arp_request(kWeb, kGateway.v4));
  EXPECT_TRUE(web.next(is_arp));
  next.stop();
}

TEST_F(NetworkTest, CollectsAndDeletes) {
  create();
  attach("web", kWeb);
  attach("db", kDb);
  const Answer gone = host.call(plugin, "network.gc", {{"containers", {"db"}}});
  EXPECT_EQ(*gone.result, Json({{"detached", {"web"}}}));
  EXPECT_TRUE(host.call(plugin, "network.delete", Json::object()).result);
  EXPECT_FALSE(host.call(plugin, "network.inspect", Json::object()).result);
}

}  // namespace
}  // namespace bulkhead::net::test
