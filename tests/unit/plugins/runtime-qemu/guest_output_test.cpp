#include "guest_output.hpp"

#include <gtest/gtest.h>

#include "fake_guest.hpp"

namespace bulkhead::qemu {
namespace {

using test::output_frame;

struct GuestOutputTest : testing::Test {
  std::string out, err;
  GuestOutput output{[this](LogStream stream, std::string_view bytes) {
    (stream == LogStream::kStdout ? out : err) += bytes;
  }};

  bool feed(std::string_view bytes) {
    return output.feed({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}).has_value();
  }
};

TEST_F(GuestOutputTest, TellsTheStreamsApart) {
  ASSERT_TRUE(feed(output_frame(1, "one") + output_frame(2, "two") + output_frame(1, "three")));
  EXPECT_EQ(out, "onethree");
  EXPECT_EQ(err, "two");
  EXPECT_TRUE(output.at_boundary());
}

TEST_F(GuestOutputTest, TakesBytesCutAnywhere) {
  for (char c : output_frame(1, "hello") + output_frame(1, "") + output_frame(2, "x")) {
    ASSERT_TRUE(feed({&c, 1}));
  }
  EXPECT_EQ(out, "hello");
  EXPECT_EQ(err, "x");
}

TEST_F(GuestOutputTest, HandsBytesOnBeforeTheirFrameIsWhole) {
  ASSERT_TRUE(feed(output_frame(1, "hello").substr(0, 10)));
  EXPECT_EQ(out, "he");
  EXPECT_FALSE(output.at_boundary());
}

TEST_F(GuestOutputTest, HoldsNothingOfAFrameThatClaimsFourGigabytes) {
  ASSERT_TRUE(feed(std::string("\x01\0\0\0\xff\xff\xff\xff", 8)));
  EXPECT_TRUE(feed("a few bytes"));
  EXPECT_EQ(out, "a few bytes");
}

TEST_F(GuestOutputTest, RefusesUnknownTypesForEver) {
  for (const char type : {0, 3, 9}) {
    GuestOutput fresh([](LogStream, std::string_view) {});
    const uint8_t header[8] = {static_cast<uint8_t>(type), 0, 0, 0, 0, 0, 0, 1};
    EXPECT_FALSE(fresh.feed(header));
    const uint8_t good[8] = {1, 0, 0, 0, 0, 0, 0, 0};
    EXPECT_FALSE(fresh.feed(good));
  }
}

}  // namespace
}  // namespace bulkhead::qemu
