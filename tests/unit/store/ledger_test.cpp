// Commands, state and projection together: what the daemon does with all of this room.
#include "store/ledger.hpp"

#include <gmock/gmock.h>

#include <fstream>

#include "model/container_decide.hpp"
#include "model/property_decide.hpp"
#include "store/fold.hpp"
#include "support.hpp"

namespace bulkhead::store {
namespace {

using namespace test;

class LedgerTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open(bool with_projection = true) {
    ledger_.reset();
    auto journal = open_journal(path_);
    ASSERT_TRUE(journal);
    std::unique_ptr<StateDb> state_db;
    if (with_projection) {
      auto opened = StateDb::open(projection_, journal->uuid());
      ASSERT_TRUE(opened) << opened.error().message;
      state_db = std::move(*opened);
    }
    auto ledger = Ledger::open(std::move(journal), std::move(state_db));
    ASSERT_TRUE(ledger) << ledger.error().message;
    ledger_ = std::move(*ledger);
  }
  // All queued decisions are settled after this.
  void settle() {
    for (int i = 0; i < 12; i++) ASSERT_TRUE(ledger_->record_sync(one(note("test/settle"))));
  }
  static Ledger::Command create(const std::string& id, const std::string& key = "") {
    return [id, key](const model::State& state) {
      return model::decide_create(state, {id, {{"id", id}}, false, "sha256:aa"},
                                  {{{"kind", "daemon"}}, std::nullopt, key});
    };
  }
  void create_whole(const std::string& id) {
    ledger_->decide(create(id), {});
    settle();
    const model::ContainerState* container = ledger_->state().container(id);
    ASSERT_TRUE(container);
    const Operation* operation = ledger_->state().operation(container->create_op);
    ASSERT_TRUE(operation);
    ASSERT_TRUE(ledger_->record_sync(
        one(model::outcome_ok(*operation, {{"manifest", "m"}, {"imageDisk", "/d"}}))));
  }
  model::State folded() {
    model::State state;
    EXPECT_TRUE(fold(open_reader(path_), state));
    return state;
  }
  TemporaryDirectory directory_;
  std::string path_ = directory_ / "journal.db";
  std::string projection_ = directory_ / "state.db";
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerTest, OfTwoCommandsForOneNameOnlyOneWins) {
  int created = 0;
  std::vector<Error> errors;
  auto ack = [&](Result<std::vector<Event>> result) {
    if (result)
      created++;
    else
      errors.push_back(result.error());
  };
  for (int i = 0; i < 5; i++) ledger_->decide(create("web"), ack);
  settle();
  EXPECT_EQ(created, 1);
  ASSERT_EQ(errors.size(), 4u);
  EXPECT_EQ(errors[0].code, Code::kConflict);
}

TEST_F(LedgerTest, TheStateHasTheEventWhenTheAckComes) {
  bool seen = false;
  ledger_->decide(create("web"), [&](auto result) {
    ASSERT_TRUE(result);
    seen =
        ledger_->state().container("web") != nullptr && ledger_->state().seq == result->back().seq;
  });
  settle();
  EXPECT_TRUE(seen);
}

TEST_F(LedgerTest, AnEmptyDecisionSucceedsWithoutAnEvent) {
  Seq before = ledger_->state().seq;
  bool acknowledged = false;
  ledger_->decide([](const model::State&) { return model::Decision{}; },
                  [&](auto result) { acknowledged = result && result->empty(); });
  EXPECT_TRUE(acknowledged);
  EXPECT_EQ(ledger_->state().seq, before);
}

TEST_F(LedgerTest, ACommandMayAskForTheNextInItsAck) {
  std::vector<std::string> order;
  ledger_->decide(create("aa"), [&](auto) {
    order.push_back("aa");
    ledger_->decide(create("cc"), [&](auto) { order.push_back("cc"); });
  });
  ledger_->decide(create("bb"), [&](auto) { order.push_back("bb"); });
  settle();
  EXPECT_THAT(order, ::testing::ElementsAre("aa", "bb", "cc"));
}

TEST_F(LedgerTest, SubscribersSeeEveryEventOnceAndMayLeave) {
  std::vector<Seq> all;
  std::vector<Seq> some;
  int leaving = 0;
  ledger_->subscribe([&](const Event& event) { all.push_back(event.seq); });
  leaving = ledger_->subscribe([&](const Event& event) {
    some.push_back(event.seq);
    ledger_->unsubscribe(leaving);
  });
  Seq before = ledger_->state().seq;
  ASSERT_TRUE(ledger_->record_sync({note("test/a"), note("test/b"), note("test/c")}));
  EXPECT_THAT(all, ::testing::ElementsAre(before + 1, before + 2, before + 3));
  EXPECT_THAT(some, ::testing::ElementsAre(before + 1));
}

TEST_F(LedgerTest, RemembersIdempotencyKeysAcrossRestarts) {
  ledger_->decide(create("web", "key-1"), {});
  settle();
  auto op = ledger_->request("key-1");
  ASSERT_TRUE(op);
  EXPECT_FALSE(ledger_->request("key-2"));
  open();
  EXPECT_EQ(ledger_->request("key-1"), op);
  std::filesystem::remove(projection_);
  open();
  EXPECT_EQ(ledger_->request("key-1"), op);
}

TEST_F(LedgerTest, ProjectionPlusTailIsTheFoldOfEverything) {
  for (int round = 0; round < 4; round++) {
    create_whole("web" + std::to_string(round));
    ledger_->decide(
        [&](const model::State& state) {
          return model::decide_property_set(state, "container.cpus", std::to_string(round + 1), {});
        },
        {});
    settle();
    if (round % 2 == 0) ledger_->flush();
    EXPECT_EQ(ledger_->state(), folded());
    // The projection lags behind from here: the tail is folded at the next open.
    open(round % 2 != 0);
    EXPECT_EQ(ledger_->state(), folded());
    open();
    EXPECT_EQ(ledger_->state(), folded());
  }
  EXPECT_EQ(ledger_->state().containers.size(), 4u);
}

TEST_F(LedgerTest, ADeletedContainerLeavesTheProjection) {
  create_whole("web");
  ledger_->flush();
  ledger_->decide([](const model::State& s) { return model::decide_delete(s, {"web"}, {}); }, {});
  settle();
  const Operation& operation = ledger_->state().operations.begin()->second;
  ASSERT_TRUE(ledger_->record_sync(one(model::outcome_ok(operation, {{"reclaimed", 1}}))));
  ledger_->flush();
  open();
  EXPECT_TRUE(ledger_->state().containers.empty());
  EXPECT_EQ(ledger_->state(), folded());
}

TEST_F(LedgerTest, ADamagedProjectionIsReplaced) {
  create_whole("web");
  ledger_.reset();
  std::ofstream(projection_, std::ios::trunc) << "this is no database";
  open();
  EXPECT_EQ(ledger_->state(), folded());
  EXPECT_TRUE(ledger_->state().container("web"));
}

TEST_F(LedgerTest, AProjectionOfAnotherJournalIsReplaced) {
  create_whole("web");
  ledger_.reset();
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  open();
  EXPECT_TRUE(ledger_->state().containers.empty());
  EXPECT_EQ(ledger_->state(), folded());
}

TEST_F(LedgerTest, AProjectionAheadOfARestoredJournalIsReplaced) {
  ledger_.reset();
  std::filesystem::copy_file(path_, directory_ / "backup.db");
  open();
  create_whole("web");
  ledger_.reset();
  std::filesystem::copy_file(directory_ / "backup.db", path_,
                             std::filesystem::copy_options::overwrite_existing);
  open();
  EXPECT_TRUE(ledger_->state().containers.empty());
  EXPECT_EQ(ledger_->state(), folded());
}

}  // namespace
}  // namespace bulkhead::store
