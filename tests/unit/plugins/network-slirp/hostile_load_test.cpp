// One container takes all that it can get, and another still has its share: its connections, its
// datagrams, its names.
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "dns_message.hpp"
#include "hostile_fixture.hpp"

namespace bulkhead::net::test {
namespace {

size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

struct HostileLoad : HostileTest {
  // A conversation over TCP with a server on the host, from the first segment to an answer.
  void expect_tcp(ScriptedMember& member, uint16_t port) {
    const Socket server = bound(SOCK_STREAM);
    member.send(tcp(member.lease, kGateway.v4, port, server.port, kSyn, 999));
    const auto accepted = member.segment(port, kSyn | kAck);
    ASSERT_TRUE(accepted);
    member.say(*accepted, kAck | kPsh, "ask");
    const UniqueFd peer(::accept(server.fd.get(), nullptr, nullptr));
    ASSERT_EQ(received(peer.get()), "ask");
    ASSERT_EQ(::send(peer.get(), "answer", 6, MSG_NOSIGNAL), 6);
    EXPECT_TRUE(member.next([&](const Packet& packet) {
      return packet.protocol == kTcp && packet.destination_port == port &&
             packet.data + 6 == packet.frame.size();
    }));
  }
  void expect_udp(ScriptedMember& member, uint16_t port) {
    const Socket server = bound(SOCK_DGRAM);
    member.send(udp(member.lease, kGateway.v4, port, server.port, Buffer(3, 'x')));
    echo(server);
    EXPECT_TRUE(member.next(
        [&](const Packet& packet) { return is_udp(packet) && packet.destination_port == port; }));
  }
  static void echo(const Socket& server) {
    uint8_t bytes[4096];
    SocketAddress peer;
    peer.size = sizeof peer.storage;
    const timeval patience{20, 0};
    ::setsockopt(server.fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const ssize_t size =
        ::recvfrom(server.fd.get(), bytes, sizeof bytes, 0, peer.raw(), &peer.size);
    ASSERT_GT(size, 0) << "it never came";
    ::sendto(server.fd.get(), bytes, static_cast<size_t>(size), 0, peer.raw(), peer.size);
  }
  void expect_names_over_tcp(ScriptedMember& member, uint16_t port) {
    member.send(tcp(member.lease, kGateway.v4, port, 53, kSyn, 999));
    const auto accepted = member.segment(port, kSyn | kAck);
    ASSERT_TRUE(accepted);
    member.say(*accepted, kAck | kPsh, with_length(name_query("db.test")));
    const auto answer = member.next([&](const Packet& packet) {
      return packet.protocol == kTcp && packet.destination_port == port &&
             packet.data < packet.frame.size();
    });
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->frame.back(), 3);
  }
};

TEST_F(HostileLoad, AFloodOfConnectionsIsBoundedAndOnlyItsOwn) {
  const Socket victim = bound(SOCK_STREAM);
  db();
  evil();
  const size_t before = open_descriptors();
  for (uint32_t i = 0; i < 30'000; i++) {
    const auto port = static_cast<uint16_t>(1024 + i);
    evil().send(tcp(kWeb, kGateway.v4, port, victim.port, kSyn, i));
    evil().send(tcp(kWeb, *kGateway.v6, port, victim.port, kSyn, i));
  }
  EXPECT_THAT(heard_by(db()), testing::IsEmpty());
  EXPECT_LE(open_descriptors(), before + FlowLimits::kMaxTcp + 16);
  expect_tcp(db(), 2000);
  expect_names_over_tcp(db(), 2001);
  expect_serving();
}

TEST_F(HostileLoad, AFloodOfDatagramsIsBoundedAndOnlyItsOwn) {
  const Socket victim = bound(SOCK_DGRAM);
  db();
  evil();
  const size_t before = open_descriptors();
  for (uint32_t port = 1; port < 65'536; port++)
    evil().send(udp(kWeb, port % 2 == 0 ? kGateway.v4 : *kGateway.v6, static_cast<uint16_t>(port),
                    victim.port, Buffer(8, 'x')));
  EXPECT_THAT(heard_by(db()), testing::IsEmpty());
  EXPECT_LE(open_descriptors(), before + FlowLimits::kMaxUdp + 16);
  expect_udp(db(), 2000);
  expect_tcp(db(), 2001);
}

// A piece of the packet's payload.
Buffer piece(const Buffer& frame, uint16_t id, size_t offset, size_t size, bool more) {
  Buffer out(frame.begin(), frame.begin() + 34);
  append(out, Bytes(frame).subspan(34 + offset, size));
  write16(out, 16, static_cast<uint16_t>(20 + size));
  write16(out, 18, id);
  write16(out, 20, static_cast<uint16_t>((more ? 0x2000 : 0) | offset / 8));
  write16(out, 24, 0);
  write16(out, 24, checksum(Bytes(out).subspan(14, 20)));
  return out;
}

TEST_F(HostileLoad, PiecesThatNeverBecomeAPacketTakeNobodyElsesPlace) {
  const Socket server = bound(SOCK_DGRAM);
  db();
  const Buffer whole = udp(kDb, kGateway.v4, 2000, server.port, Buffer(40, 'x'));
  db().send(piece(whole, 1, 0, 24, true));
  expect_serving();  // it has arrived
  for (uint16_t id = 0; id < 5000; id++)
    evil().send(piece(udp(kWeb, kGateway.v4, 1, 2, Buffer(40, 'x')), id, 0, 24, true));
  EXPECT_THAT(heard_by(db()), testing::IsEmpty());
  db().send(piece(whole, 1, 24, 24, false));
  echo(server);
  EXPECT_TRUE(db().next(
      [](const Packet& packet) { return is_udp(packet) && packet.destination_port == 2000; }));
}

TEST_F(HostileLoad, NamesOverTcpAreForAll) {
  db();
  for (uint16_t port = 2000; port < 2000 + 300; port++) {
    evil().send(tcp(kWeb, kGateway.v4, port, 53, kSyn, 999));
    const auto accepted = evil().segment(port, kSyn | kAck);
    ASSERT_TRUE(accepted) << port;
    evil().say(*accepted, kAck);
  }
  expect_names_over_tcp(db(), 3000);
}

TEST_F(HostileLoad, WhoDoesNotListenLosesFramesAndTakesNoMemory) {
  third();
  db();
  const Buffer shout =
      build_udp({kWeb.mac, kBroadcast, kWeb.v4, ip("192.168.64.255")}, 1, 2, Buffer(1400, 'x'));
  constexpr size_t kShouts = 20'000;
  for (size_t i = 0; i < kShouts; i++) evil().send(shout);
  expect_tcp(db(), 2000);
  size_t bytes = 0;
  third().send(arp_request(kThird, kGateway.v4));
  for (const Buffer& frame : third().heard_before(is_arp)) bytes += frame.size();
  EXPECT_GT(bytes, shout.size());
  EXPECT_LT(bytes, kShouts * shout.size() / 3);
}

}  // namespace
}  // namespace bulkhead::net::test
