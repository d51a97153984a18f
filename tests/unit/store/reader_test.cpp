#include "store/reader.hpp"

#include <gmock/gmock.h>

#include "store/verify.hpp"
#include "support.hpp"

namespace bulkhead::store {
namespace {

using namespace test;
using ::testing::ElementsAre;

class ReaderTest : public ::testing::Test {
 protected:
  void SetUp() override { journal_ = open_journal(path_); }
  Event append(NewEvent event) {
    auto result = journal_->append_sync(one(std::move(event)));
    EXPECT_TRUE(result) << result.error().message;
    return result->front();
  }
  std::vector<Seq> matching(const Filter& filter) {
    std::vector<Seq> seqs;
    Reader reader = open_reader(path_);
    Seq after = 0;
    while (true) {
      auto page = reader.page(after, filter, 3);
      EXPECT_TRUE(page) << page.error().message;
      for (const Event& event : page->events) {
        EXPECT_TRUE(filter.matches(event)) << "row and live event are judged alike";
        seqs.push_back(event.seq - kBirth);
      }
      if (page->at_head) return seqs;
      EXPECT_GT(page->next, after);
      after = page->next;
    }
  }
  TemporaryDirectory directory_;
  std::string path_ = directory_ / "journal.db";
  std::unique_ptr<Journal> journal_;
};

TEST_F(ReaderTest, PagesWithoutGapOrRepetition) {
  for (int i = 0; i < 25; i++) append(note("test/a", i));
  Reader reader = open_reader(path_);
  std::vector<Seq> seen;
  Seq after = 0;
  for (int pages = 1;; pages++) {
    auto page = reader.page(after, {}, 10);
    ASSERT_TRUE(page);
    for (const Event& event : page->events) seen.push_back(event.seq);
    after = page->next;
    if (page->at_head) break;
    ASSERT_LT(pages, 10);
  }
  ASSERT_EQ(seen.size(), size_t(25 + kBirth));
  for (size_t i = 0; i < seen.size(); i++) EXPECT_EQ(seen[i], Seq(i + 1));
  append(note("test/a", 99));
  auto more = reader.page(after);
  ASSERT_TRUE(more);
  ASSERT_EQ(more->events.size(), 1u) << "the cursor continues after new rows";
  EXPECT_TRUE(more->at_head);
}

TEST_F(ReaderTest, APageIsBoundedAndTheCursorMovesOverWhatDoesNotMatch) {
  std::vector<NewEvent> many;
  for (int i = 0; i < 2500; i++) many.push_back(note("test/a", i));
  ASSERT_TRUE(journal_->append_sync(std::move(many)));
  auto page = open_reader(path_).page(0, {}, 100'000);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->events.size(), Reader::kMaxPage);
  Filter none;
  none.type = "no.such";
  auto empty = open_reader(path_).page(0, none);
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->events.empty());
  EXPECT_TRUE(empty->at_head);
  EXPECT_EQ(empty->next, kBirth + 2500);
}

TEST_F(ReaderTest, FiltersByEachField) {
  model::Origin user{{{"kind", "user"}, {"uid", 1000}}, std::nullopt, ""};
  Event intent = append(model::intent("container/web", "container.start", {}, user));     // 1
  append(model::outcome_ok(operation_of(intent), {}));                                    // 2
  append(model::intent("container/db", "container.stop", {}));                            // 3
  append(model::fact("image/docker.io/library/web:latest", "image.untagged", {}, user));  // 4
  NewEvent effect = model::fact("container/web", "container.exited", {});                 // 5
  effect.cause = intent.seq;
  append(effect);

  Filter filter;
  filter.stream = "container/*";
  EXPECT_THAT(matching(filter), ElementsAre(1, 2, 3, 5));
  filter.stream = "container/web";
  EXPECT_THAT(matching(filter), ElementsAre(1, 2, 5)) << "without a wildcard, by index";
  filter = {};
  filter.type = "container.st?*";
  EXPECT_THAT(matching(filter), ElementsAre(1, 2, 3));
  filter = {};
  filter.phase = Phase::kIntent;
  EXPECT_THAT(matching(filter), ElementsAre(1, 3));
  filter = {};
  filter.uid = 1000;
  EXPECT_THAT(matching(filter), ElementsAre(1, 4));
  filter = {};
  filter.root = intent.seq;
  EXPECT_THAT(matching(filter), ElementsAre(1, 2, 5));
  filter = {};
  filter.since_us = intent.at_us + 1;
  filter.until_us = intent.at_us + 2'000'000;
  EXPECT_THAT(matching(filter), ElementsAre(2, 3));
  filter = {};
  filter.stream = "container/*";
  filter.until_seq = intent.seq + 2;
  EXPECT_THAT(matching(filter), ElementsAre(1, 2, 3));
  filter.phase = Phase::kIntent;
  filter.uid = 1000;
  EXPECT_THAT(matching(filter), ElementsAre(1));
}

TEST_F(ReaderTest, PastEndsAFollower) {
  Event event = append(note("test/a"));
  Filter filter;
  EXPECT_FALSE(filter.past(event));
  filter.until_seq = event.seq;
  EXPECT_TRUE(filter.past(event));
  filter.until_seq = event.seq + 1;
  EXPECT_FALSE(filter.past(event));
  filter = {};
  filter.until_us = event.at_us - 1;
  EXPECT_TRUE(filter.past(event));
}

TEST_F(ReaderTest, FindsAStreamsLastEventsAndAChain) {
  Event intent = append(model::intent("container/web", "container.start", {}));
  append(note("container/web", 1));
  append(note("container/db", 2));
  append(model::outcome_ok(operation_of(intent), {}));
  Reader reader = open_reader(path_);
  auto stream = reader.stream("container/web", 2);
  ASSERT_TRUE(stream);
  ASSERT_EQ(stream->size(), 2u);
  EXPECT_EQ((*stream)[0].ver, 2);
  EXPECT_EQ((*stream)[1].ver, 3);
  auto chain = reader.chains({intent.seq, intent.seq + 2});
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->size(), 3u);
  EXPECT_EQ((*chain)[0].seq, intent.seq);
  EXPECT_EQ((*chain)[1].stream, "container/db");
  EXPECT_EQ((*chain)[2].phase, Phase::kOutcome);
  EXPECT_EQ(reader.chains({intent.seq}, 1)->front().phase, Phase::kOutcome);
  EXPECT_THAT(*reader.streams("container/*"), ElementsAre("container/db", "container/web"));
  EXPECT_EQ((*reader.outcome(intent.seq))->seq, intent.seq + 3);
  EXPECT_FALSE(reader.outcome(intent.seq + 1)->has_value());
  EXPECT_FALSE(reader.event(4711)->has_value());
}

TEST_F(ReaderTest, ListsOpenOperations) {
  Event first = append(model::intent("container/a", "container.start", {{"run", 1}}));
  Event second = append(model::intent("container/b", "container.stop", {}));
  append(model::outcome_ok(operation_of(first), {}));
  auto open = open_reader(path_).open_operations();
  ASSERT_TRUE(open);
  ASSERT_EQ(open->size(), 1u);
  EXPECT_EQ(open->front().seq, second.seq);
}

TEST_F(ReaderTest, KnowsWhatWasLastAtATime) {
  Event first = append(note("test/a"));
  Event second = append(note("test/a"));
  Reader reader = open_reader(path_);
  EXPECT_EQ(reader.seq_at(first.at_us).value(), first.seq);
  EXPECT_EQ(reader.seq_at(second.at_us - 1).value(), first.seq);
  EXPECT_EQ(reader.seq_at(second.at_us + 1'000'000'000).value(), second.seq);
  EXPECT_EQ(reader.seq_at(0).value(), 0);
}

TEST_F(ReaderTest, OfAMissingOrForeignFileSaysSo) {
  auto missing = Reader::open(directory_ / "none.db");
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("none.db"), std::string::npos);
}

TEST_F(ReaderTest, VerifiesFromAnyPoint) {
  for (int i = 0; i < 10; i++) append(note("test/a", i));
  auto result = verify(open_reader(path_), kBirth + 6);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->events, 4);
  EXPECT_THAT(result->problems, ElementsAre());
}

}  // namespace
}  // namespace bulkhead::store
