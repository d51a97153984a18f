#include "bulkhead/printable.hpp"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

TEST(Printable, KeepsWhatPeopleWrite) {
  EXPECT_EQ(in_quotes("usr/bin/env"), "'usr/bin/env'");
  EXPECT_EQ(in_quotes("Grüße/日本語/😀"), "'Grüße/日本語/😀'");
}

TEST(Printable, EscapesControlsAndBrokenText) {
  EXPECT_EQ(in_quotes("a\nb\x1b[31m"), "'a\\x0ab\\x1b[31m'");
  EXPECT_EQ(in_quotes("\xff\xfe"), "'\\xff\\xfe'");
  EXPECT_EQ(in_quotes("\xc2\x9b"), "'\\xc2\\x9b'");                    // a control beyond ASCII
  EXPECT_EQ(in_quotes("\xc0\xaf"), "'\\xc0\\xaf'");                    // an overlong slash
  EXPECT_EQ(in_quotes("\xed\xa0\x80"), "'\\xed\\xa0\\x80'");           // half a surrogate pair
  EXPECT_EQ(in_quotes("\xe2\x82"), "'\\xe2\\x82'");                    // cut off
  EXPECT_EQ(in_quotes("\xf4\x90\x80\x80"), "'\\xf4\\x90\\x80\\x80'");  // beyond the last
}

TEST(Printable, ShortensInTheMiddle) {
  const std::string text = in_quotes(std::string(500, 'a') + "end");
  EXPECT_LT(text.size(), 220u);
  EXPECT_TRUE(text.ends_with("end'"));
}

}  // namespace
}  // namespace bulkhead
