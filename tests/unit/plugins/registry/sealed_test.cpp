#include "sealed.hpp"

#include <gtest/gtest.h>

namespace bulkhead::registry {
namespace {

TEST(Sealed, OpensWithItsKey) {
  const std::string key = *new_seal_key();
  for (const std::string& text : {std::string(), std::string("{}"), std::string(100'000, 'x')}) {
    const std::string sealed = *seal(text, key);
    EXPECT_EQ(sealed.size(), text.size() + 33);
    EXPECT_EQ(sealed.substr(0, 5), std::string("BHCR\x01"));
    EXPECT_EQ(*open_sealed(sealed, key), text);
  }
}

TEST(Sealed, IsDifferentEachTime) {
  const std::string key = *new_seal_key();
  EXPECT_NE(*seal("text", key), *seal("text", key));
}

TEST(Sealed, NoByteOfItMayChange) {
  const std::string key = *new_seal_key();
  const std::string sealed = *seal("a text", key);
  for (size_t i = 0; i < sealed.size(); i++) {
    for (const int bit : {0x01, 0x80}) {
      std::string changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ bit);
      const auto opened = open_sealed(changed, key);
      ASSERT_FALSE(opened) << "byte " << i;
      EXPECT_EQ(opened.error().code, Code::kCorrupt);
    }
  }
  for (size_t size = 0; size < sealed.size(); size++) {
    EXPECT_FALSE(open_sealed(sealed.substr(0, size), key)) << "first " << size << " bytes";
  }
  EXPECT_FALSE(open_sealed(sealed + '\0', key));
}

TEST(Sealed, SaysWhatIsWrong) {
  const std::string key = *new_seal_key();
  std::string sealed = *seal("a text", key);
  EXPECT_EQ(open_sealed(sealed, *new_seal_key()).error().message,
            "it was damaged or changed, or sealed with another key");
  EXPECT_EQ(open_sealed("{}", key).error().message, "it is cut short, or another program's");
  EXPECT_EQ(open_sealed(sealed, "short").error().message, "the key doesn't have 32 bytes");
  sealed[4] = 2;
  EXPECT_EQ(open_sealed(sealed, key).error().message,
            "it is of version 2 of the format, and this program knows version 1");
}

}  // namespace
}  // namespace bulkhead::registry
