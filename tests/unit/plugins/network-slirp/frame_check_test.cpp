#include "frame_check.hpp"

#include <gtest/gtest.h>

#include "packet_write.hpp"

namespace bulkhead::network {
namespace {

const Identity kOwn = {
    {2, 0, 0, 0, 0, 2}, {10, 0, 0, 2}, {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};
const Identity kOther = {
    {2, 0, 0, 0, 0, 3}, {10, 0, 0, 3}, {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3}};

bool may(const std::vector<uint8_t>& frame) {
  auto view = frame_in(frame);
  return view && may_send(*view, kOwn);
}

TEST(FrameCheck, AMemberSpeaksOfItself) {
  EXPECT_TRUE(may(arp_introduction(kOwn.mac, kOwn.ipv4, {10, 0, 0, 1})));
  EXPECT_TRUE(may(arp_introduction(kOwn.mac, {}, {10, 0, 0, 1}))) << "a probe";
  EXPECT_TRUE(may(ndp_introduction(kOwn.mac, kOwn.ipv6, {0xfd})));
}

TEST(FrameCheck, AndOfNobodyElse) {
  EXPECT_FALSE(may(arp_introduction(kOwn.mac, kOther.ipv4, {10, 0, 0, 1})));
  EXPECT_FALSE(may(arp_introduction(kOther.mac, kOwn.ipv4, {10, 0, 0, 1})));
  EXPECT_FALSE(may(ndp_introduction(kOwn.mac, kOther.ipv6, {0xfd})));
  auto claims = ndp_introduction(kOwn.mac, kOwn.ipv6, {0xfd});
  claims[kEthernetHeader + 40 + 8 + 15] = 3;  // the target of the advertisement
  EXPECT_FALSE(may(claims));
}

TEST(FrameCheck, NobodyIsARouter) {
  auto advertisement = ndp_introduction(kOwn.mac, kOwn.ipv6, {0xfd});
  for (uint8_t type : {134, 137}) {
    advertisement[kEthernetHeader + 40] = type;
    EXPECT_FALSE(may(advertisement));
  }
}

TEST(FrameCheck, HeadersThatHideOrLieAreDropped) {
  auto hidden = ndp_introduction(kOwn.mac, kOwn.ipv6, {0xfd});
  hidden[kEthernetHeader + 6] = 44;  // a fragment
  EXPECT_FALSE(may(hidden));
  auto lies = ndp_introduction(kOwn.mac, kOwn.ipv6, {0xfd});
  lies[kEthernetHeader + 4] = 0xff;
  EXPECT_FALSE(may(lies));
  auto strange = arp_introduction(kOwn.mac, kOwn.ipv4, {10, 0, 0, 1});
  strange[12] = 0x81;  // a VLAN tag
  strange[13] = 0;
  EXPECT_FALSE(may(strange));
  EXPECT_FALSE(frame_in(Bytes(strange).first(kEthernetHeader - 1)));
}

}  // namespace
}  // namespace bulkhead::network
