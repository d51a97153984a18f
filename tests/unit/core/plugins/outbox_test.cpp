#include "core/plugins/host/outbox.hpp"

#include <gtest/gtest.h>

#include "bulkhead/frame.hpp"
#include "core/plugins/messages.hpp"

namespace bulkhead::plugins {
namespace {

// The numbers of the reports among these messages.
std::vector<uint64_t> numbers(const std::vector<Outbox::Message>& messages) {
  std::vector<uint64_t> result;
  for (const Outbox::Message& message : messages) {
    FrameDecoder decoder;
    decoder.feed(message.frame);
    const auto frame = decoder.next();
    result.push_back((*frame)->kind == FrameKind::kEmit ? decode_emit((*frame)->body)->report
                                                        : decode_complete((*frame)->body)->report);
  }
  return result;
}

using Numbers = std::vector<uint64_t>;

TEST(Outbox, GivesEachReportOncePerConnection) {
  Outbox outbox;
  outbox.add_event("a", "{}");
  outbox.add_completion(5, "{}", nullptr, {});
  EXPECT_EQ(numbers(outbox.take_unsent()), (Numbers{1, 2}));
  EXPECT_TRUE(outbox.take_unsent().empty());
  outbox.add_event("b", "{}");
  EXPECT_EQ(numbers(outbox.take_unsent()), Numbers{3});
}

TEST(Outbox, RepeatsWhatIsNotAcknowledged) {
  Outbox outbox;
  for (int i = 0; i < 4; i++) outbox.add_event("a", "{}");
  outbox.take_unsent();
  outbox.ack(2);
  outbox.ack(4);
  outbox.ack(99);  // never given
  outbox.rewind();
  EXPECT_EQ(numbers(outbox.take_unsent()), (Numbers{1, 3}));
  outbox.add_event("a", "{}");
  EXPECT_EQ(numbers(outbox.take_unsent()), Numbers{5}) << "a number is never given twice";
  EXPECT_FALSE(outbox.empty());
  for (const uint64_t report : {1, 3, 5}) outbox.ack(report);
  EXPECT_TRUE(outbox.empty());
}

}  // namespace
}  // namespace bulkhead::plugins
