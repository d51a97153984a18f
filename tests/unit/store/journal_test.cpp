// The journal's promises to whoever appends: order, density, versions, roots, atomic batches, and
// what a refusal leaves.
#include "store/journal.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "store/verify.hpp"
#include "support.hpp"

namespace bulkhead::store {
namespace {

using namespace test;
using ::testing::HasSubstr;

class JournalTest : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    journal_.reset();
    journal_ = open_journal(path_);
    ASSERT_TRUE(journal_);
  }
  std::vector<Event> append(std::vector<NewEvent> events) {
    auto result = journal_->append_sync(std::move(events));
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(*result) : std::vector<Event>();
  }
  Event append(NewEvent event) { return append(one(std::move(event))).at(0); }
  std::vector<std::string> problems() {
    auto result = verify(open_reader(path_));
    EXPECT_TRUE(result) << result.error().message;
    return result->problems;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "journal.db";
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalTest, IsBornWithItsIdentityAndSchemaOnRecord) {
  Reader reader = open_reader(path_);
  auto page = reader.page(0);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->events.size(), size_t(kBirth));
  EXPECT_EQ(page->events[0].type, "journal.opened");
  EXPECT_EQ(page->events[0].data["journal"], journal_->uuid());
  EXPECT_EQ(page->events[1].type, "journal.migrated");
  EXPECT_EQ(page->events[1].data["name"], "0001_journal");
  EXPECT_EQ(page->events[1].data["sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(journal_->first(), 1);
  EXPECT_TRUE(journal_->clean());
}

TEST_F(JournalTest, KeepsItsIdentityAndContinues) {
  std::string uuid = journal_->uuid();
  append(note("test/a"));
  reopen();
  EXPECT_EQ(journal_->uuid(), uuid);
  EXPECT_EQ(journal_->head(), kBirth + 1);
  Event next = append(note("test/a"));
  EXPECT_EQ(next.seq, kBirth + 2);
  EXPECT_EQ(next.ver, 2);
}

TEST_F(JournalTest, KnowsWhetherTheLastLifeEndedWell) {
  append(model::fact("daemon/main", "daemon.stopped", {{"reason", "asked"}}));
  reopen();
  EXPECT_TRUE(journal_->clean());
  append(model::fact("daemon/main", "daemon.started", {}));
  reopen();
  EXPECT_FALSE(journal_->clean());
}

TEST_F(JournalTest, CountsVersionsPerStream) {
  auto events = append({note("test/a"), note("test/b"), note("test/a")});
  EXPECT_EQ(events[0].ver, 1);
  EXPECT_EQ(events[1].ver, 1);
  EXPECT_EQ(events[2].ver, 2);
  EXPECT_EQ(append(note("test/b")).ver, 2);
}

TEST_F(JournalTest, GivesAnIntentItsSeqAsOperation) {
  Event intent = append(model::intent("container/web", "container.start", {{"run", 1}}));
  EXPECT_EQ(intent.op, intent.seq);
  EXPECT_EQ(intent.root, intent.seq);
  Event outcome = append(model::outcome_ok(operation_of(intent), {{"pid", 7}}));
  EXPECT_EQ(outcome.op, intent.seq);
  EXPECT_EQ(outcome.root, intent.seq);
  EXPECT_EQ(outcome.stream, "container/web");
}

TEST_F(JournalTest, OpenIntentsAreSaidAndNoProblem) {
  Event done = append(model::intent("container/web", "container.start", {}));
  append(model::outcome_ok(operation_of(done), {}));
  Event open = append(model::intent("container/web", "container.stop", {}));
  auto result = verify(open_reader(path_));
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->ok());
  EXPECT_THAT(result->open, ::testing::ElementsAre(open.seq));
}

TEST_F(JournalTest, LinksCausesWithinABatchAndCarriesTheRoot) {
  Event intent = append(model::intent("storage/local", "image.load", {}));
  NewEvent tagged = model::fact("image/a", "image.tagged", {});
  tagged.cause_index = 0;
  auto events = append({model::outcome_ok(operation_of(intent), {}), tagged});
  EXPECT_EQ(events[1].cause, events[0].seq);
  EXPECT_EQ(events[1].root, intent.seq);

  NewEvent later = note("test/a");
  later.cause = events[1].seq;
  EXPECT_EQ(append(later).root, intent.seq);
  EXPECT_THAT(problems(), ::testing::IsEmpty());
}

TEST_F(JournalTest, RefusesASecondOutcomeAndOneWithoutIntent) {
  Event intent = append(model::intent("container/web", "container.start", {}));
  Event fact = append(note("test/a"));
  append(model::outcome_ok(operation_of(intent), {}));
  auto second = journal_->append_sync(one(model::outcome_ok(operation_of(intent), {})));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
  auto stray = journal_->append_sync(one(model::outcome_ok(operation_of(fact), {})));
  ASSERT_FALSE(stray);
  EXPECT_THAT(stray.error().message, HasSubstr("outcome without open intent"));
  EXPECT_EQ(append(note("test/a")).seq, kBirth + 4) << "a refusal leaves no gap";
}

TEST_F(JournalTest, BatchIsAllOrNothing) {
  NewEvent bad = note("test/a");
  bad.data["password"] = "hunter2";
  auto result = journal_->append_sync({note("test/a"), note("test/b"), bad});
  ASSERT_FALSE(result);
  EXPECT_EQ(open_reader(path_).head().value(), kBirth);
  EXPECT_EQ(append(note("test/a")).ver, 1);
  EXPECT_THAT(problems(), ::testing::IsEmpty());
}

TEST_F(JournalTest, ABadBatchDoesNotTouchItsNeighbours) {
  std::vector<std::string> ends;
  auto ack = [&](Result<std::vector<Event>> result) {
    ends.push_back(result ? std::to_string(result->front().seq) : "refused");
  };
  NewEvent bad = note("nostream");
  for (int i = 0; i < 20; i++) {
    journal_->append({note("test/a"), note("test/a")}, ack);
    journal_->append({note("test/b"), bad}, ack);
  }
  append(note("test/c"));
  ASSERT_EQ(ends.size(), 40u);
  for (int i = 0; i < 20; i++) {
    EXPECT_EQ(ends[size_t(2 * i)], std::to_string(kBirth + 1 + 2 * i));
    EXPECT_EQ(ends[size_t(2 * i) + 1], "refused");
  }
  EXPECT_THAT(problems(), ::testing::IsEmpty());
}

TEST_F(JournalTest, AcknowledgesInOrderAfterTheObserver) {
  std::vector<Seq> observed;
  std::vector<Seq> acknowledged;
  journal_->observe([&](const std::vector<Event>& events) {
    for (const Event& event : events) observed.push_back(event.seq);
  });
  for (int i = 0; i < 2000; i++)
    journal_->append(one(note("test/" + std::to_string(i % 7), i)),
                     [&](Result<std::vector<Event>> result) {
                       ASSERT_TRUE(result);
                       EXPECT_EQ(observed.back(), result->back().seq);
                       acknowledged.push_back(result->back().seq);
                     });
  append(note("test/last"));
  ASSERT_EQ(acknowledged.size(), 2000u);
  for (size_t i = 0; i < acknowledged.size(); i++) EXPECT_EQ(acknowledged[i], kBirth + 1 + Seq(i));
  EXPECT_EQ(journal_->head(), kBirth + 2001);
}

TEST_F(JournalTest, NotifiesAndDeliversOnlyInDrain) {
  std::atomic<int> notified = 0;
  journal_.reset();
  Journal::Options options;
  options.path = path_;
  options.notify = [&] { notified++; };
  journal_ = std::move(*Journal::open(std::move(options)));
  bool delivered = false;
  journal_->append(one(note("test/a")), [&](auto result) { delivered = result.has_value(); });
  while (notified == 0) std::this_thread::yield();
  EXPECT_FALSE(delivered);
  EXPECT_EQ(open_reader(path_).head().value(), kBirth + 1) << "notified means committed";
  journal_->drain();
  EXPECT_TRUE(delivered);
}

TEST_F(JournalTest, AnAckMayAppendAndDrain) {
  int depth = 0;
  std::function<void(Result<std::vector<Event>>)> again = [&](auto result) {
    ASSERT_TRUE(result);
    if (++depth < 5) journal_->append(one(note("test/a")), again);
    journal_->drain();
  };
  journal_->append(one(note("test/a")), again);
  while (depth < 5) append(note("test/b"));
  EXPECT_EQ(depth, 5);
}

TEST_F(JournalTest, ChecksTheExpectedVersion) {
  append(note("test/a"));
  NewEvent current = note("test/a");
  current.expected_ver = 1;
  EXPECT_EQ(append(current).ver, 2);
  auto stale = journal_->append_sync(one(current));
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, Code::kConflict);
  EXPECT_THAT(stale.error().message, HasSubstr("its version is 2, not 1"));
}

TEST_F(JournalTest, WhatIsStoredIsWhatTheAppenderGets) {
  NewEvent event = note("test/a");
  event.data = {{"text", "broken \xff utf-8"}, {"deep", {{"list", {1, 2.5, nullptr, true}}}}};
  event.actor = {{"kind", "user"}, {"uid", 1000}};
  Event given = append(event);
  auto stored = open_reader(path_).event(given.seq);
  ASSERT_TRUE(stored && *stored);
  EXPECT_EQ((*stored)->data, given.data);
  EXPECT_EQ((*stored)->actor, given.actor);
  EXPECT_EQ((*stored)->at_us, given.at_us);
  EXPECT_EQ((*stored)->mono_us, given.mono_us);
}

TEST_F(JournalTest, RefusesSecretsWhateverTheirSpelling) {
  for (const char* key : {"password", "PassWord", "access_token", "Authorization", "api-key"}) {
    NewEvent event = note("test/a");
    event.data = {{"request", {{"list", {Json{{key, "x"}}}}}}};
    auto result = journal_->append_sync(one(event));
    ASSERT_FALSE(result) << key;
    EXPECT_THAT(result.error().message, HasSubstr(key));
  }
  NewEvent labelled = note("test/a");
  labelled.data = {{"configuration", {{"labels", {{"token", "mine"}}}}}};
  EXPECT_EQ(append(labelled).ver, 1) << "users name their labels";
}

TEST_F(JournalTest, RefusesDataThatIsTooDeepOrTooLarge) {
  NewEvent deep = note("test/a");
  Json nested = Json::array();
  for (int i = 0; i < 200; i++) nested = Json::array({std::move(nested)});
  deep.data["nested"] = std::move(nested);
  EXPECT_FALSE(journal_->append_sync(one(deep)));
  NewEvent large = note("test/a");
  large.data["text"] = std::string(5u << 20, 'x');
  EXPECT_FALSE(journal_->append_sync(one(large)));
  EXPECT_EQ(append(note("test/a")).seq, kBirth + 1);
}

TEST_F(JournalTest, HasOneWriter) {
  Journal::Options options;
  options.path = path_;
  auto second = Journal::open(std::move(options));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kConflict);
}

TEST_F(JournalTest, WritesWhatIsQueuedBeforeItCloses) {
  for (int i = 0; i < 300; i++) journal_->append(one(note("test/a", i)), {});
  journal_.reset();
  EXPECT_EQ(open_reader(path_).head().value(), kBirth + 300);
}

TEST_F(JournalTest, IsPrivate) {
  auto permissions = std::filesystem::status(path_).permissions();
  EXPECT_EQ(permissions, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(JournalTest, LargeBatchesAndManyRowsAreSplitNotLost) {
  int acknowledged = 0;
  for (int i = 0; i < 10; i++) {
    std::vector<NewEvent> events;
    for (int j = 0; j < 300; j++) events.push_back(note("test/a", j));
    events.back().data["text"] = std::string(300000, 'x');
    journal_->append(std::move(events), [&](auto result) { acknowledged += result.has_value(); });
  }
  append(note("test/a"));
  EXPECT_EQ(acknowledged, 10);
  EXPECT_EQ(journal_->head(), kBirth + 3001);
  EXPECT_THAT(problems(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace bulkhead::store
