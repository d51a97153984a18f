#include "bulkhead/stream_frame.hpp"

#include <gtest/gtest.h>

namespace bulkhead {
namespace {

std::string frames(StreamType type, std::string_view bytes) {
  std::string out;
  append_stream_frames(out, type, bytes);
  return out;
}

TEST(StreamFrame, HasDockersLayout) {
  EXPECT_EQ(frames(StreamType::kStderr, "hi"), std::string("\x02\0\0\0\0\0\0\x02hi", 10));
  EXPECT_EQ(frames(StreamType::kStdin, ""), std::string("\0\0\0\0\0\0\0\0", 8)) << "end of stdin";
}

TEST(StreamFrame, CutsWhatIsTooLong) {
  const std::string bytes(kLargestStreamBody * 2 + 5, 'x');
  StreamFrameDecoder decoder;
  decoder.feed(frames(StreamType::kStdout, bytes));
  std::string joined;
  int count = 0;
  while (true) {
    auto frame = decoder.next();
    ASSERT_TRUE(frame);
    if (!*frame) break;
    joined += (*frame)->body;
    count++;
  }
  EXPECT_EQ(count, 3);
  EXPECT_EQ(joined, bytes);
  EXPECT_TRUE(decoder.at_boundary());
}

TEST(StreamFrameDecoder, WaitsForTheWholeFrame) {
  const std::string bytes = frames(StreamType::kControl, "{}") + frames(StreamType::kStdin, "");
  StreamFrameDecoder decoder;
  int seen = 0;
  for (const char& byte : bytes) {
    decoder.feed(std::string_view(&byte, 1));
    const auto frame = decoder.next();
    ASSERT_TRUE(frame);
    if (*frame) seen++;
    EXPECT_TRUE(seen > 0 || !decoder.at_boundary());
  }
  EXPECT_EQ(seen, 2);
}

TEST(StreamFrameDecoder, RefusesWhatIsNoFrame) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n"), std::string("\x04\0\0\0\0\0\0\0", 8),
        std::string("\x01\0\x01\0\0\0\0\0", 8), std::string("\x01\0\0\0\0\x01\0\x01", 8)}) {
    StreamFrameDecoder decoder;
    decoder.feed(bytes);
    const auto frame = decoder.next();
    ASSERT_FALSE(frame);
    EXPECT_EQ(frame.error().code, Code::kCorrupt);
    EXPECT_FALSE(decoder.next()) << "it can't be resynchronised";
  }
}

}  // namespace
}  // namespace bulkhead
