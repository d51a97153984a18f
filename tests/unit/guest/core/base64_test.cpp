#include "guest/core/base64.hpp"

#include <gtest/gtest.h>

namespace bulkhead::guest {
namespace {

// The vectors of RFC 4648, section 10.
TEST(Base64, DecodesTheStandardsVectors) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(decode_base64("+/+/"), "\xfb\xff\xbf");
}

TEST(Base64, RefusesWhatIsNot) {
  EXPECT_FALSE(decode_base64("Zg"));
  EXPECT_FALSE(decode_base64("Zg="));
  EXPECT_FALSE(decode_base64("Z==="));
  EXPECT_FALSE(decode_base64("===="));
  EXPECT_FALSE(decode_base64("Zm9\n"));
  EXPECT_FALSE(decode_base64("Zg==Zg=="));
  // A second text for the same bytes.
  EXPECT_FALSE(decode_base64("Zh=="));
}

}  // namespace
}  // namespace bulkhead::guest
