// What a member may say, and what of it is a frame at all.
#include "frame_check.hpp"

#include <gtest/gtest.h>

#include "frames.hpp"

namespace bulkhead::net::test {
namespace {

bool may(const Lease& lease, const Buffer& frame) {
  const auto packet = parse_packet(frame);
  return packet && may_send(lease, *packet);
}

TEST(FrameCheck, AMemberSpeaksForItself) {
  EXPECT_TRUE(may(kWeb, udp(kWeb, kGateway.v4, 1000, 53)));
  EXPECT_TRUE(may(kWeb, udp(kWeb, *kGateway.v6, 1000, 53)));
  EXPECT_TRUE(may(kWeb, arp_request(kWeb, kGateway.v4)));
}

TEST(FrameCheck, NotForOthers) {
  Lease liar = kWeb;
  liar.v4 = kDb.v4;
  liar.v6 = kDb.v6;
  EXPECT_FALSE(may(kWeb, udp(liar, kGateway.v4, 1000, 53)));
  EXPECT_FALSE(may(kWeb, udp(liar, *kGateway.v6, 1000, 53)));
  EXPECT_FALSE(may(kWeb, arp_request(liar, kGateway.v4)));
  EXPECT_FALSE(may(kWeb, udp(kDb, kGateway.v4, 1000, 53))) << "another's MAC";
}

TEST(FrameCheck, NobodyAnswersForTheGateway) {
  EXPECT_FALSE(may(kWeb, build_arp_reply(kWeb.mac, kGateway.v4, kDb.mac, kDb.v4)));
  EXPECT_FALSE(may(kWeb, build_neighbour_advertisement({kWeb.mac, kDb.mac, *kWeb.v6, *kDb.v6},
                                                       *kGateway.v6, kWeb.mac)));
  EXPECT_TRUE(may(kWeb, build_neighbour_advertisement({kWeb.mac, kDb.mac, *kWeb.v6, *kDb.v6},
                                                      *kWeb.v6, kWeb.mac)));
  EXPECT_FALSE(may(kWeb, build_neighbour_advertisement({kWeb.mac, kDb.mac, *kWeb.v6, *kDb.v6},
                                                       *kWeb.v6, kDb.mac)));
}

TEST(FrameCheck, NoRoutersAndNoDhcpServers) {
  Buffer advertisement(16, 0);
  advertisement[0] = kRouterAdvertisement;
  EXPECT_FALSE(may(kWeb, build_ip(from(kWeb, ip("ff02::1")), kIcmpV6, advertisement, 255)));
  EXPECT_FALSE(may(kWeb, udp(kWeb, kDb.v4, 67, 68)));
  EXPECT_FALSE(may(kWeb, udp(kWeb, *kDb.v6, 547, 546)));
}

TEST(Packet, LengthsThatContradictEachOtherAreNoFrame) {
  const Buffer good = udp(kWeb, kGateway.v4, 1, 2, Buffer(8, 'x'));
  ASSERT_TRUE(parse_packet(good));
  for (size_t size = 0; size < good.size(); size++)
    EXPECT_FALSE(parse_packet(Bytes(good).first(size))) << size;
  Buffer longer = good;
  write16(longer, 38, 100);  // the datagram's length
  EXPECT_FALSE(parse_packet(longer));
  Buffer offset = tcp(kWeb, kGateway.v4, 1, 2, kSyn);
  offset[46] = 0xf0;  // TCP's header would be longer than the segment
  EXPECT_FALSE(parse_packet(offset));
  Buffer padded = good;
  padded.resize(good.size() + 10);
  EXPECT_EQ(parse_packet(padded)->frame.size(), good.size());
}

TEST(Packet, ARewrittenPortHasARightChecksum) {
  Buffer frame = tcp(kWeb, kGateway.v4, 1000, 53, kSyn);
  rewrite_port(frame, *parse_packet(frame), false, 40123);
  EXPECT_EQ(frame, tcp(kWeb, kGateway.v4, 1000, 40123, kSyn));
  for (const Ip& to : {kGateway.v4, *kGateway.v6}) {
    for (uint32_t port = 0; port < 65'536; port += 13) {
      Buffer datagram = udp(kWeb, to, 1000, 53, Buffer(3, 'x'));
      rewrite_port(datagram, *parse_packet(datagram), true, static_cast<uint16_t>(port));
      ASSERT_EQ(datagram, udp(kWeb, to, static_cast<uint16_t>(port), 53, Buffer(3, 'x'))) << port;
    }
  }
  Buffer unsummed = udp(kWeb, kGateway.v4, 1000, 53);
  write16(unsummed, 40, 0);
  rewrite_port(unsummed, *parse_packet(unsummed), false, 54);
  EXPECT_EQ(read16(unsummed, 40), 0) << "no checksum stays none";
}

}  // namespace
}  // namespace bulkhead::net::test
