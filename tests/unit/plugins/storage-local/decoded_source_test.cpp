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
  const std::string packed = pack(sample(), Packing::kGzip);
  const auto cut = decode(packed.substr(0, packed.size() / 2));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Code::kCorrupt);
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
