#include "prefetch.hpp"

#include <gtest/gtest.h>

namespace bulkhead::storage {
namespace {

// Counts up in pieces of odd sizes; then ends or fails.
class Counting : public ByteSource {
 public:
  Counting(size_t total, bool fails) : total_(total), fails_(fails) {}
  Result<Bytes> next() override {
    if (given_ == total_) {
      if (fails_) return fail(Code::kCorrupt, "the source is broken");
      return Bytes{};
    }
    piece_.clear();
    for (size_t n = 1 + given_ % 70001; n > 0 && given_ < total_; --n)
      piece_.push_back(static_cast<std::byte>(given_++ % 251));
    return Bytes(piece_);
  }

 private:
  size_t total_, given_ = 0;
  bool fails_;
  std::vector<std::byte> piece_;
};

size_t read_in_order(Prefetch& ahead, Status& end) {
  size_t seen = 0;
  for (;;) {
    Result<Bytes> bytes = ahead.next();
    if (!bytes) {
      end = tl::unexpected(bytes.error());
      return seen;
    }
    if (bytes->empty()) return seen;
    for (const std::byte byte : *bytes) {
      if (byte != static_cast<std::byte>(seen++ % 251)) return 0;
    }
  }
}

TEST(Prefetch, DeliversEverythingInOrder) {
  Counting source(20'000'003, false);
  Prefetch ahead(source);
  Status end;
  EXPECT_EQ(read_in_order(ahead, end), 20'000'003u);
  EXPECT_TRUE(end);
  EXPECT_TRUE(ahead.next()->empty());
}

TEST(Prefetch, DeliversTheErrorAfterWhatCameBeforeIt) {
  Counting source(1'000'003, true);
  Prefetch ahead(source);
  Status end;
  EXPECT_EQ(read_in_order(ahead, end), 1'000'003u);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().message, "the source is broken");
}

TEST(Prefetch, MayBeLeftInTheMiddle) {
  Counting source(50'000'000, false);
  Prefetch ahead(source);
  EXPECT_FALSE(ahead.next()->empty());
}

}  // namespace
}  // namespace bulkhead::storage
