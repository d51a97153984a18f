#include "socket_notices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace bulkhead::qemu {
namespace {

struct SocketNoticesTest : testing::Test {
  std::vector<std::pair<uint64_t, uint64_t>> seen;
  SocketNotices notices{
      [this](const SocketNotice& notice) { seen.emplace_back(notice.socket, notice.connection); }};

  bool feed(std::string_view text) {
    return notices.feed({reinterpret_cast<const uint8_t*>(text.data()), text.size()}).has_value();
  }
};

TEST_F(SocketNoticesTest, ReadsLinesHoweverTheyAreCut) {
  const std::string text =
      "{\"socket\":0,\"connection\":1}\n{\"connection\":18,\"socket\":2,\"more\":[]}\n";
  for (const char c : text) ASSERT_TRUE(feed({&c, 1}));
  EXPECT_THAT(seen, testing::ElementsAre(testing::Pair(0, 1), testing::Pair(2, 18)));
}

TEST_F(SocketNoticesTest, RefusesWhatIsNoNotice) {
  for (const char* line :
       {"", "[]", "7", "{}", "{\"socket\":0}", "{\"socket\":-1,\"connection\":1}",
        "{\"socket\":0,\"connection\":\"1\"}", "{\"socket\":0.5,\"connection\":1}"}) {
    SocketNotices fresh([](const SocketNotice&) { FAIL(); });
    const std::string text = std::string(line) + "\n";
    EXPECT_FALSE(fresh.feed({reinterpret_cast<const uint8_t*>(text.data()), text.size()})) << line;
  }
}

TEST_F(SocketNoticesTest, KeepsNoLongLineAndNothingAfterAMistake) {
  EXPECT_FALSE(feed(std::string(10'000, ' ')));
  EXPECT_FALSE(feed("\n{\"socket\":0,\"connection\":1}\n"));
  EXPECT_TRUE(seen.empty());
}

}  // namespace
}  // namespace bulkhead::qemu
