#include "bulkhead/frame.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace bulkhead {
namespace {

TEST(Frame, HasTheLayoutThatIsDocumented) {
  const std::string bytes = encode_frame(FrameKind::kSubmit, 0x0102030405060708, "ab", 1);
  const std::string expected(
      "\x02\x00\x00\x00"
      "\x03\x01\x00\x00"
      "\x08\x07\x06\x05\x04\x03\x02\x01"
      "ab",
      18);
  EXPECT_EQ(bytes, expected);
}

TEST(FrameDecoder, GivesFramesHoweverTheyAreCut) {
  const std::string bytes = encode_frame(FrameKind::kEmit, 7, "first") +
                            encode_frame(FrameKind::kPong, 8, "") +
                            encode_frame(FrameKind::kLog, 9, std::string(100'000, 'x'));
  for (const size_t step : {size_t{1}, size_t{3}, size_t{16}, size_t{4096}, bytes.size()}) {
    FrameDecoder decoder;
    std::vector<Frame> frames;
    for (size_t at = 0; at < bytes.size(); at += step) {
      decoder.feed(std::string_view(bytes).substr(at, step));
      while (true) {
        auto frame = decoder.next();
        ASSERT_TRUE(frame);
        if (!*frame) break;
        frames.push_back(std::move(**frame));
      }
    }
    ASSERT_EQ(frames.size(), 3u) << "cut every " << step;
    EXPECT_EQ(frames[0].body, "first");
    EXPECT_EQ(frames[1].kind, FrameKind::kPong);
    EXPECT_EQ(frames[2].op, 9u);
    EXPECT_EQ(frames[2].body.size(), 100'000u);
  }
}

TEST(FrameDecoder, GivesDescriptorsToTheFrameThatCountsThem) {
  FrameDecoder decoder;
  const std::string bytes = encode_frame(FrameKind::kPing, 1, "") +
                            encode_frame(FrameKind::kSubmit, 2, "x", 2) +
                            encode_frame(FrameKind::kSubmit, 3, "y", 1);
  std::vector<UniqueFd> fds;
  std::vector<int> numbers;
  for (int i = 0; i < 3; i++) {
    fds.emplace_back(::dup(STDIN_FILENO));
    numbers.push_back(fds.back().get());
  }
  decoder.feed(bytes, std::move(fds));
  EXPECT_TRUE((*decoder.next())->fds.empty());
  const auto second = decoder.next();
  ASSERT_EQ((*second)->fds.size(), 2u);
  EXPECT_EQ((*second)->fds[0].get(), numbers[0]);
  EXPECT_EQ((*second)->fds[1].get(), numbers[1]);
  const auto third = decoder.next();
  ASSERT_EQ((*third)->fds.size(), 1u);
  EXPECT_EQ((*third)->fds[0].get(), numbers[2]);
}

TEST(FrameDecoder, RefusesWhatBreaksTheRulesForEver) {
  const auto broken = [](size_t at, char value) {
    std::string bytes = encode_frame(FrameKind::kPing, 1, "");
    bytes[at] = value;
    return bytes;
  };
  for (const std::string& bytes : {broken(3, '\x02'),     // 16 MiB and more
                                   broken(6, '\x01'),     // reserved
                                   broken(5, '\x11'),     // 17 descriptors
                                   broken(5, '\x01')}) {  // one that never came
    FrameDecoder decoder;
    decoder.feed(bytes);
    const auto frame = decoder.next();
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().code, Code::kCorrupt);
    decoder.feed(encode_frame(FrameKind::kPing, 1, ""));
    EXPECT_FALSE(decoder.next());
  }
}

TEST(FrameDecoder, TakesTheLargestBodyAndNoByteMore) {
  FrameDecoder decoder;
  decoder.feed(encode_frame(FrameKind::kSubmit, 1, std::string(kLargestFrameBody, ' ')));
  EXPECT_EQ((*decoder.next())->body.size(), kLargestFrameBody);
  // The head alone is enough to refuse: nobody makes us gather 16 MiB first.
  decoder.feed(encode_frame(FrameKind::kSubmit, 1, std::string(kLargestFrameBody + 1, ' '))
                   .substr(0, kFrameHeader));
  EXPECT_FALSE(decoder.next());
}

TEST(FrameDecoder, RefusesToHoardDescriptors) {
  FrameDecoder decoder;
  std::vector<UniqueFd> fds;
  for (int i = 0; i < 300; i++) fds.emplace_back(::dup(STDIN_FILENO));
  decoder.feed({}, std::move(fds));
  EXPECT_FALSE(decoder.next());
}

}  // namespace
}  // namespace bulkhead
