#include "decoded_source.hpp"

#include <gtest/gtest.h>

#include "archives.hpp"
#include "bomb_guard.hpp"
#include "sandbox.hpp"

namespace bulkhead::storage {
namespace {

// Delivers one byte at a time: what a slow pipe may do.
class Drops : public ByteSource {
 public:
  explicit Drops(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<Bytes> next() override {
    if (at_ == bytes_.size()) return Bytes{};
    return bytes_of(std::string_view(bytes_).substr(at_++, 1));
  }

 private:
  std::string bytes_;
  size_t at_ = 0;
};

Result<std::string> all_of(ByteSource& source) {
  std::string all;
  for (;;) {
    Result<Bytes> bytes = source.next();
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    if (bytes->empty()) return all;
    all.append(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  }
}

Result<std::string> decode(const std::string& bytes) {
  Drops drops(bytes);
  DecodedSource decoded(drops);
  if (Status opened = decoded.open(); !opened) return tl::unexpected(std::move(opened.error()));
  return all_of(decoded);
}

std::string sample() {
  std::string text;
  for (int i = 0; i < 30000; ++i) text += std::to_string(i * 7919);
  return text;
}

TEST(Decoded, TakesOffGzipZstdOrNothing) {
  const std::string text = sample();
  EXPECT_EQ(decode(text), text);
  EXPECT_EQ(decode(pack(text, Packing::kGzip)), text);
  EXPECT_EQ(decode(pack(text, Packing::kZstd)), text);
  EXPECT_EQ(decode(""), "");
  EXPECT_EQ(decode("ab"), "ab");
}

TEST(Decoded, TakesOffOneCompressionOnly) {
  const std::string inner = pack(sample(), Packing::kGzip);
  EXPECT_EQ(decode(pack(inner, Packing::kGzip)), inner);
}

TEST(Decoded, ReadsGzipOfSeveralMembers) {
  EXPECT_EQ(decode(pack("one, ", Packing::kGzip) + pack("two", Packing::kGzip)), "one, two");
}

TEST(Decoded, NoticesTruncation) {
  for (const Packing packing : {Packing::kGzip, Packing::kZstd}) {
    const std::string packed = pack(sample(), packing);
    const auto cut = decode(packed.substr(0, packed.size() / 2));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, Code::kCorrupt);
  }
  const std::string packed = pack("short", Packing::kGzip);
  for (size_t length = 2; length < packed.size(); ++length)
    EXPECT_FALSE(decode(packed.substr(0, length))) << length;
  EXPECT_FALSE(decode(packed + packed.substr(0, 14)));
}

TEST(Decoded, ReadsGzipWithEveryPartOfAHeader) {
  const std::string packed = pack("text", Packing::kGzip);
  std::string head = packed.substr(0, 10);
  head[3] = 0x1c;  // extra field, name, comment
  const std::string full = head + std::string("\3\0abc", 5) + std::string("name\0", 5) +
                           std::string("comment\0", 8) + packed.substr(10);
  EXPECT_EQ(decode(full + full), "texttext");
}

TEST(Decoded, KnowsDamagedGzip) {
  std::string packed = pack(sample(), Packing::kGzip);
  packed[packed.size() - 6] ^= 1;  // of the checksum
  const auto wrong = decode(packed);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, "its gzip stream has a wrong checksum");
  packed[packed.size() / 2] ^= 1;
  EXPECT_EQ(decode(packed).error().code, Code::kCorrupt);
  EXPECT_EQ(decode("\x1f\x8b\x07 no such method").error().code, Code::kCorrupt);
}

TEST(Decoded, IgnoresWhatStandsBehindTheLastMember) {
  const std::string packed = pack("text", Packing::kGzip) + pack("", Packing::kGzip);
  for (const std::string& rest :
       {std::string(1000, '\0'), std::string("garbage"), std::string("\x1f\x8b\x07 no member")}) {
    EXPECT_EQ(decode(packed + rest), "text");
  }
}

// The digest of what is encoded is over all of it.
TEST(Decoded, ReadsTheEncodedStreamToItsEnd) {
  for (const Packing packing : {Packing::kPlain, Packing::kGzip}) {
    const UniqueFd file = file_with(pack("text", packing) + std::string(2 << 20, '\0'));
    const Task task;
    FdSource encoded(file.get(), task);
    DecodedSource decoded(encoded);
    ASSERT_TRUE(decoded.open());
    (void)all_of(decoded);
    EXPECT_GT(encoded.consumed(), 2u << 20);
  }
}

TEST(Decoded, RefusesCompressionsThatImagesDontHave) {
  EXPECT_EQ(decode("BZh91AY&SY").error().code, Code::kUnsupported);
  EXPECT_EQ(decode(std::string("\xfd"
                               "7zXZ\0\0\0",
                               8))
                .error()
                .code,
            Code::kUnsupported);
}

TEST(BombGuard, StopsWhatGrowsTooMuch) {
  const UniqueFd file = file_with(pack(std::string(4 << 20, '\0'), Packing::kGzip));
  Limits limits;
  limits.bomb_bytes = kMiB;
  limits.bomb_ratio = 100;
  const Task task;
  FdSource encoded(file.get(), task);
  DecodedSource decoded(encoded);
  ASSERT_TRUE(decoded.open());
  BombGuard guarded(decoded, encoded, limits);
  const auto read = all_of(guarded);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("decompression bomb"), std::string::npos);
}

}  // namespace
}  // namespace bulkhead::storage
