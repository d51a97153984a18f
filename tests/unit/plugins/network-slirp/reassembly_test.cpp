// IPv4 fragments become the packet they were, or nothing.
#include "reassembly.hpp"

#include <gtest/gtest.h>

#include "frames.hpp"

namespace bulkhead::net::test {
namespace {

// A piece of the packet's payload as a fragment.
Buffer piece(const Buffer& frame, size_t offset, size_t size, bool more) {
  Buffer out(frame.begin(), frame.begin() + 34);
  append(out, Bytes(frame).subspan(34 + offset, size));
  write16(out, 16, static_cast<uint16_t>(20 + size));
  write16(out, 18, 7);
  write16(out, 20, static_cast<uint16_t>((more ? 0x2000 : 0) | offset / 8));
  write16(out, 24, 0);
  write16(out, 24, checksum(Bytes(out).subspan(14, 20)));
  return out;
}

struct ReassemblyTest : testing::Test {
  Buffer add(const Buffer& fragment) { return reassembly.add(*parse_packet(fragment), now); }
  const Buffer whole = udp(kWeb, kGateway.v4, 1, 2, Buffer(40, 'x'));  // a payload of 48
  Reassembly reassembly;
  Clock::time_point now{};
};

TEST_F(ReassemblyTest, InAnyOrder) {
  EXPECT_TRUE(add(piece(whole, 32, 16, false)).empty());
  EXPECT_TRUE(add(piece(whole, 0, 16, true)).empty());
  const Buffer joined = add(piece(whole, 16, 16, true));
  const auto packet = parse_packet(joined);
  ASSERT_TRUE(packet);
  EXPECT_FALSE(packet->fragment);
  EXPECT_TRUE(std::equal(whole.begin() + 34, whole.end(), joined.begin() + 34, joined.end()));
  EXPECT_EQ(checksum(Bytes(joined).subspan(14, 20)), 0);
  EXPECT_EQ(reassembly.waiting(), 0u);
}

TEST_F(ReassemblyTest, OverlapsAndContradictionsAreGivenUp) {
  EXPECT_TRUE(add(piece(whole, 0, 24, true)).empty());
  EXPECT_TRUE(add(piece(whole, 16, 16, true)).empty());
  EXPECT_EQ(reassembly.waiting(), 0u);
  EXPECT_TRUE(add(piece(whole, 32, 8, true)).empty());
  EXPECT_TRUE(add(piece(whole, 16, 16, false)).empty()) << "an end before what has come";
  EXPECT_EQ(reassembly.waiting(), 0u);
  EXPECT_TRUE(add(piece(whole, 0, 12, true)).empty()) << "not a multiple of eight";
  EXPECT_EQ(reassembly.waiting(), 0u);
}

TEST_F(ReassemblyTest, WaitsNeitherLongNorForMany) {
  EXPECT_TRUE(add(piece(whole, 0, 24, true)).empty());
  now += Reassembly::kPatience + std::chrono::seconds(1);
  EXPECT_TRUE(add(piece(whole, 24, 24, false)).empty());
  for (uint16_t i = 0; i < 100; i++) {
    Buffer other = piece(whole, 0, 24, true);
    write16(other, 18, static_cast<uint16_t>(100 + i));
    add(other);
  }
  EXPECT_EQ(reassembly.waiting(), Reassembly::kMaxPackets);
}

}  // namespace
}  // namespace bulkhead::net::test
