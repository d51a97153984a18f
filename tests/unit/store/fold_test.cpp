// The state as of any point, and what a fold does with history it can't read.
#include "store/fold.hpp"

#include <sqlite3.h>

#include "model/evolve.hpp"
#include "support.hpp"

namespace bulkhead::store {
namespace {

using namespace test;

class FoldTest : public ::testing::Test {
 protected:
  void SetUp() override {
    journal_ = open_journal(path_);
    for (const char* value : {"1", "2", "3"})
      events_.push_back(
          journal_
              ->append_sync(one(model::fact("property/container.cpus", "property.set",
                                            {{"key", "container.cpus"}, {"value", value}})))
              ->front());
  }
  std::string value_at(const Until& until) {
    model::State state;
    EXPECT_TRUE(fold(open_reader(path_), state, until));
    auto found = state.properties.find("container.cpus");
    return found == state.properties.end() ? "unset" : found->second;
  }
  TemporaryDirectory directory_;
  std::string path_ = directory_ / "journal.db";
  std::unique_ptr<Journal> journal_;
  std::vector<Event> events_;
};

TEST_F(FoldTest, TravelsToASeqOrATime) {
  EXPECT_EQ(value_at({}), "3");
  EXPECT_EQ(value_at({events_[0].seq, {}}), "1");
  EXPECT_EQ(value_at({kBirth, {}}), "unset");
  EXPECT_EQ(value_at({0, {}}), "unset");
  EXPECT_EQ(value_at({4711, {}}), "3");
  EXPECT_EQ(value_at({{}, events_[1].at_us}), "2");
  EXPECT_EQ(value_at({{}, events_[1].at_us - 1}), "1");
}

TEST_F(FoldTest, StepsAreTheSameAsOneGo) {
  model::State whole;
  ASSERT_TRUE(fold(open_reader(path_), whole));
  model::State stepped;
  for (Seq seq = 1; seq <= journal_->head(); seq++)
    ASSERT_TRUE(fold(open_reader(path_), stepped, {seq, {}}));
  EXPECT_EQ(stepped, whole);
}

TEST_F(FoldTest, GoesOnOverManyRows) {
  std::vector<NewEvent> many;
  for (int i = 0; i < 10'000; i++) many.push_back(note("test/a", i));
  ASSERT_TRUE(journal_->append_sync(std::move(many)));
  model::State state;
  ASSERT_TRUE(fold(open_reader(path_), state));
  EXPECT_EQ(state.seq, kBirth + 3 + 10'000);
}

TEST_F(FoldTest, StopsAtARowThatIsNotJson) {
  journal_.reset();
  sqlite3* database = nullptr;
  sqlite3_open(path_.c_str(), &database);
  ASSERT_EQ(
      sqlite3_exec(database,
                   "DROP TRIGGER event_no_update; UPDATE event SET data='{\"a\":}' WHERE seq=4",
                   nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(database);
  model::State state;
  auto result = fold(open_reader(path_), state);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kCorrupt);
  EXPECT_NE(result.error().message.find("event 4"), std::string::npos);
}

TEST_F(FoldTest, PointsAreWrittenAsSeqCursorOrTime) {
  Reader reader = open_reader(path_);
  EXPECT_EQ(parse_until(reader, "17")->seq, 17);
  EXPECT_EQ(parse_until(reader, reader.uuid() + ":17")->seq, 17);
  EXPECT_EQ(parse_until(reader, "1970-01-01T00:00:01Z")->at_us, 1'000'000);
  for (const char* bad : {"", "-1", "x", "other:17", "1970-01-01", "17x"})
    EXPECT_FALSE(parse_until(reader, bad)) << bad;
}

}  // namespace
}  // namespace bulkhead::store
