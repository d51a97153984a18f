// Frames that no honest container sends: lies about who it is, about others, about the network,
// and about their own length.
#include "hostile_fixture.hpp"

namespace bulkhead::net::test {
namespace {

using Hostile = HostileTest;
const Mac kStranger{0x020000000099};
const Mac kAllNodesMac{0x333300000001};
const Ip kAllNodes = ip("ff02::1");

Buffer arp(uint16_t op, Mac source, Mac sender_mac, const Ip& sender, Mac to, const Ip& target) {
  Buffer frame = build_arp_reply(sender_mac, sender, to, target);
  write16(frame, 20, op);
  to.write(frame, 0);
  source.write(frame, 6);
  return frame;
}

Buffer with_source(Buffer frame, Mac source) {
  source.write(frame, 6);
  return frame;
}

// A neighbour solicitation that brings its sender's link-layer address.
Buffer solicitation(const Ends& ends, const Ip& target, Mac sender) {
  Buffer message = {kNeighbourSolicitation, 0, 0, 0, 0, 0, 0, 0};
  append(message, target.span());
  message.push_back(1);
  message.push_back(1);
  message.resize(message.size() + 6);
  sender.write(message, message.size() - 6);
  write16(message, 2, checksum(ends.source, ends.destination, kIcmpV6, message));
  return build_ip(ends, kIcmpV6, message, 255);
}

Buffer icmp6(const Ends& ends, Buffer message) {
  write16(message, 2, checksum(ends.source, ends.destination, kIcmpV6, message));
  return build_ip(ends, kIcmpV6, message, 255);
}

// The packet's payload behind an extension header: a fragment header of a packet that is whole, or
// eight bytes of options.
Buffer behind(const Buffer& frame, uint8_t extension) {
  const auto packet = parse_packet(frame);
  Buffer payload = {packet->protocol, 0, 0, 0, 0, 0, 0, 0};
  if (extension != 44) payload[2] = 1, payload[3] = 4;  // PadN
  append(payload, packet->frame.subspan(packet->payload));
  const Ends ends{packet->source, packet->destination, packet->from, packet->to};
  Buffer out = build_ip(ends, extension, payload, 255);
  return out;
}

TEST_F(Hostile, NobodyElsesAddressIsClaimedByArp) {
  for (const Ip& claimed : {kGateway.v4, kDb.v4, kThird.v4, ip("192.168.64.77")}) {
    for (const uint16_t op : {1, 2}) {
      for (const Mac to : {kBroadcast, kDb.mac}) {
        const Ip& target = op == 1 ? kDb.v4 : claimed;
        expect_unheard({arp(op, kWeb.mac, kWeb.mac, claimed, to, target),
                        arp(op, kWeb.mac, kWeb.mac, claimed, to, claimed)},
                       to_text(claimed));
      }
    }
  }
  for (const Mac liar : {kDb.mac, kGateway.mac, kStranger, kBroadcast})
    expect_unheard({arp(2, kWeb.mac, liar, kWeb.v4, kDb.mac, kDb.v4),
                    arp(2, liar, kWeb.mac, kWeb.v4, kDb.mac, kDb.v4),
                    arp(1, liar, liar, kWeb.v4, kBroadcast, kDb.v4)},
                   to_text(liar));
  db().send(arp_request(kDb, kGateway.v4));
  const auto truth = db().next(is_arp);
  ASSERT_TRUE(truth);
  EXPECT_EQ(truth->arp_sender_mac, kGateway.mac);
}

TEST_F(Hostile, NobodyElsesAddressIsClaimedByNeighbourDiscovery) {
  const std::pair<Mac, Ip> ways[] = {{kDb.mac, *kDb.v6}, {kAllNodesMac, kAllNodes}};
  for (const Ip& claimed : {*kGateway.v6, *kDb.v6, *kThird.v6, link_local_of(kDb.mac)}) {
    for (const auto& [mac, to] : ways) {
      const Ends own{kWeb.mac, mac, *kWeb.v6, to}, liar{kWeb.mac, mac, claimed, to};
      const Buffer advertised = build_neighbour_advertisement(own, claimed, kWeb.mac);
      expect_unheard(
          {advertised, behind(advertised, 44), behind(advertised, 0), behind(advertised, 60),
           build_neighbour_advertisement(liar, claimed, kWeb.mac),
           build_neighbour_advertisement(liar, *kWeb.v6, kWeb.mac),
           solicitation(liar, *kDb.v6, kWeb.mac)},
          to_text(claimed));
    }
  }
  for (const Mac liar : {kDb.mac, kGateway.mac, kStranger}) {
    const Ends own{kWeb.mac, kDb.mac, *kWeb.v6, *kDb.v6};
    expect_unheard(
        {build_neighbour_advertisement(own, *kWeb.v6, liar), solicitation(own, *kDb.v6, liar),
         with_source(solicitation(own, *kDb.v6, kWeb.mac), liar)},
        to_text(liar));
  }
}

TEST_F(Hostile, AnHonestNeighbourIsHeard) {
  const Ends own{kWeb.mac, kDb.mac, *kWeb.v6, *kDb.v6};
  db();
  evil().send(arp_request(kWeb, kDb.v4));
  evil().send(solicitation(own, *kDb.v6, kWeb.mac));
  EXPECT_EQ(heard_by(db()).size(), 2u) << "what is dropped in these tests isn't dropped for fun";
}

TEST_F(Hostile, ManyMacsTeachTheSwitchNothing) {
  std::vector<Buffer> frames;
  for (uint64_t i = 0; i < 5000; i++) {
    const Mac invented{0x020000000000 + i * 7919};
    frames.push_back(build_udp({invented, kDb.mac, kWeb.v4, kDb.v4}, 1, 2, {}));
    frames.push_back(build_udp({kWeb.mac, invented, kWeb.v4, kDb.v4}, 1, 2, {}));
    frames.push_back(build_arp_reply(invented, kWeb.v4, kBroadcast, kWeb.v4));
  }
  expect_unheard(frames);
  // What is between two goes to no third.
  evil().send(build_udp({kWeb.mac, kDb.mac, kWeb.v4, kDb.v4}, 1, 2, {}));
  EXPECT_EQ(heard_by(db()).size(), 1u);
  EXPECT_THAT(heard_by(third()), testing::IsEmpty());
}

TEST_F(Hostile, ForeignSourcesGoNowhere) {
  const std::pair<Mac, Ip> v4[] = {{kDb.mac, kDb.v4},
                                   {kGateway.mac, kGateway.v4},
                                   {kGateway.mac, ip("1.2.3.4")},
                                   {kBroadcast, ip("255.255.255.255")},
                                   {kBroadcast, ip("192.168.64.255")},
                                   {Mac{0x01005e000001}, ip("224.0.0.1")}};
  for (const char* source :
       {"192.168.64.1", "192.168.64.3", "192.168.64.77", "0.0.0.0", "127.0.0.1", "8.8.8.8",
        "255.255.255.255", "192.168.64.255", "224.0.0.1"}) {
    for (const auto& [mac, to] : v4) {
      const Ends ends{kWeb.mac, mac, ip(source), to};
      expect_unheard({build_udp(ends, 999, 53, name_query("db.test")), build_udp(ends, 67, 68, {}),
                      build_tcp(ends, {999, 80, 1, 0, kSyn}),
                      build_ip(ends, kIcmp, Buffer{8, 0, 0xf7, 0xfe, 0, 0, 0, 1})},
                     std::string(source) + " to " + to_text(to));
    }
  }
  const std::pair<Mac, Ip> v6[] = {{kDb.mac, *kDb.v6},
                                   {kGateway.mac, *kGateway.v6},
                                   {kGateway.mac, ip("2001:db8::1")},
                                   {kAllNodesMac, kAllNodes}};
  for (const char* source : {"fd00::1", "fd00::3", "fd00::77", "::", "::1", "2001:db8::1",
                             "fe80::1", "ff02::1", "::ffff:192.168.64.2"}) {
    for (const auto& [mac, to] : v6) {
      const Ends ends{kWeb.mac, mac, ip(source), to};
      expect_unheard(
          {build_udp(ends, 999, 53, name_query("db.test")), build_tcp(ends, {999, 80, 1, 0, kSyn}),
           icmp6(ends, {kEchoRequestV6, 0, 0, 0, 0, 0, 0, 1})},
          std::string(source) + " to " + to_text(to));
    }
  }
}

TEST_F(Hostile, NoDhcpServerAndNoRouter) {
  const Buffer offer(240, 2);
  const Ends everyone{kWeb.mac, kBroadcast, kWeb.v4, ip("255.255.255.255")};
  const Ends one{kWeb.mac, kDb.mac, kWeb.v4, kDb.v4};
  const Ends one6{kWeb.mac, kDb.mac, *kWeb.v6, *kDb.v6};
  const Ends link{kWeb.mac, kDb.mac, link_local_of(kWeb.mac), link_local_of(kDb.mac)};
  expect_unheard({build_udp(everyone, 67, 68, offer), build_udp(one, 67, 68, offer),
                  build_udp(one6, 547, 546, offer), build_udp(link, 547, 546, offer),
                  behind(build_udp(link, 547, 546, offer), 60)});
  // A piece of an offer is one.
  Buffer piece = build_udp(one, 67, 68, offer);
  write16(piece, 20, 0x2000);
  write16(piece, 24, 0);
  write16(piece, 24, checksum(Bytes(piece).subspan(14, 20)));
  expect_unheard(piece);

  Buffer route(16, 0);
  route[0] = kRouterAdvertisement;
  route[4] = 64;
  write16(route, 6, 1800);
  Buffer redirect(40, 0);
  redirect[0] = kRedirect;
  for (const Ip& source : {link_local_of(kWeb.mac), *kWeb.v6, link_local_of(kGateway.mac)}) {
    for (const auto& [mac, to] :
         {std::pair(kAllNodesMac, kAllNodes), std::pair(kDb.mac, link_local_of(kDb.mac))}) {
      const Ends ends{kWeb.mac, mac, source, to};
      for (const Buffer& frame : {icmp6(ends, route), icmp6(ends, redirect)})
        expect_unheard({frame, behind(frame, 44), behind(frame, 0), behind(frame, 60)},
                       to_text(source));
    }
  }
}

TEST_F(Hostile, CutFramesAtEveryLength) {
  const Ends own{kWeb.mac, kDb.mac, kWeb.v4, kDb.v4};
  const Ends own6{kWeb.mac, kDb.mac, *kWeb.v6, *kDb.v6};
  const Buffer whole[] = {arp(1, kWeb.mac, kWeb.mac, kWeb.v4, kBroadcast, kDb.v4),
                          build_udp(own, 1, 2, Buffer(8, 'x')),
                          build_udp(own6, 1, 2, Buffer(8, 'x')),
                          build_tcp(own, {1, 2, 3, 4, kSyn}),
                          build_tcp(own6, {1, 2, 3, 4, kSyn}),
                          build_ip(own, kIcmp, Buffer{8, 0, 0xf7, 0xff, 0, 0, 0, 0}),
                          solicitation(own6, *kDb.v6, kWeb.mac),
                          behind(build_udp(own6, 1, 2, Buffer(8, 'x')), 60),
                          behind(build_udp(own6, 1, 2, Buffer(8, 'x')), 44)};
  for (const Buffer& frame : whole) {
    std::vector<Buffer> cut;
    for (size_t size = 1; size < frame.size(); size++) {
      cut.emplace_back(frame.begin(), frame.begin() + static_cast<ptrdiff_t>(size));
      Buffer to_gateway = cut.back();
      if (size >= 6) kGateway.mac.write(to_gateway, 0);
      cut.push_back(std::move(to_gateway));
    }
    expect_unheard(cut, "cut from " + std::to_string(frame.size()));
    evil().send(frame);
    EXPECT_EQ(heard_by(db()).size(), 1u) << "the whole one is heard";
  }
}

TEST_F(Hostile, LengthsThatLie) {
  const Ends to_db{kWeb.mac, kDb.mac, kWeb.v4, kDb.v4};
  const Ends to_db6{kWeb.mac, kDb.mac, *kWeb.v6, *kDb.v6};
  for (const Mac mac : {kDb.mac, kGateway.mac, kBroadcast}) {
    std::vector<Buffer> lies;
    const auto lie = [&](Buffer frame, size_t at, uint16_t value) {
      mac.write(frame, 0);
      write16(frame, at, value);
      if (read16(frame, 12) == kEtherIpv4) {
        write16(frame, 24, 0);
        const size_t header = std::min<size_t>(size_t{frame[14]} % 16 * 4, frame.size() - 14);
        write16(frame, 24, checksum(Bytes(frame).subspan(14, header)));
      }
      lies.push_back(std::move(frame));
    };
    const Buffer four = build_udp(to_db, 1, 2, Buffer(8, 'x'));
    const Buffer six = build_udp(to_db6, 1, 2, Buffer(8, 'x'));
    const uint16_t total = read16(four, 16);
    for (uint16_t header = 0; header < 16; header++) {  // in words; version 4
      if (header != 5) lie(four, 14, static_cast<uint16_t>(0x4000 | header << 8));
    }
    for (uint16_t version = 0; version < 16; version++) {
      if (version != 4) lie(four, 14, static_cast<uint16_t>(version << 12 | 0x500));
      if (version != 6) lie(six, 14, static_cast<uint16_t>(version << 12));
    }
    for (uint16_t wrong = 0; wrong < total; wrong++) lie(four, 16, wrong);
    for (const int wrong : {total + 1, 1500, 65535}) lie(four, 16, static_cast<uint16_t>(wrong));
    for (uint16_t wrong = 0; wrong < 16; wrong++) lie(six, 18, wrong);
    for (const int wrong : {17, 1500, 65535}) lie(six, 18, static_cast<uint16_t>(wrong));
    for (uint16_t wrong = 0; wrong < 8; wrong++) lie(four, 38, wrong), lie(six, 58, wrong);
    for (const int wrong : {17, 1500, 65535})
      lie(four, 38, static_cast<uint16_t>(wrong)), lie(six, 58, static_cast<uint16_t>(wrong));
    for (uint16_t offset = 0; offset < 16; offset++) {  // TCP's header, in words
      if (offset != 5)
        lie(build_tcp(to_db, {1, 2, 3, 4, kSyn}), 46, static_cast<uint16_t>(offset << 12 | kSyn));
    }
    expect_unheard(lies, to_text(mac));
  }
}

TEST_F(Hostile, OtherProtocolsAndEmptyPacketsAreNoFrames) {
  std::vector<Buffer> frames = {{}};
  for (const uint16_t type : {0x0000, 0x0026, 0x8100, 0x88a8, 0x8863, 0x8847, 0x88cc, 0xffff}) {
    for (const Mac to : {kBroadcast, kDb.mac, kGateway.mac}) {
      Buffer frame(64, 0);
      to.write(frame, 0);
      kWeb.mac.write(frame, 6);
      write16(frame, 12, type);
      frames.push_back(std::move(frame));
    }
  }
  expect_unheard(frames);
}

TEST_F(Hostile, GiantsAreDroppedAndTheLargestIsNot) {
  const Ends ends{kWeb.mac, kDb.mac, kWeb.v4, kDb.v4};
  const Buffer largest = build_udp(ends, 1, 2, Buffer(65535 - 28, 'x'));
  ASSERT_EQ(largest.size(), kMaxFrame);
  db();
  evil().send(largest);
  EXPECT_EQ(heard_by(db()), std::vector<Buffer>{largest});
  std::vector<Buffer> giants;
  for (const size_t size : {kMaxFrame + 1, kMaxFrame + 63, kMaxFrame + 64, kMaxFrame + 65,
                            size_t{69'999}, size_t{100'000}}) {
    for (const Mac to : {kDb.mac, kGateway.mac, kBroadcast}) {
      giants.push_back(largest);
      giants.back().resize(size);
      to.write(giants.back(), 0);
    }
  }
  // IPv6's own way of saying more than 65,535.
  Buffer jumbo = {kUdp, 0, 0xc2, 4, 0, 1, 0, 0};
  jumbo.resize(60'000);
  Buffer frame = build_ip({kWeb.mac, kDb.mac, *kWeb.v6, *kDb.v6}, 0, jumbo);
  write16(frame, 18, 0);
  giants.push_back(frame);
  kGateway.mac.write(frame, 0);
  giants.push_back(std::move(frame));
  expect_unheard(giants);
}

}  // namespace
}  // namespace bulkhead::net::test
