#include "core/engine/operations.hpp"

#include "ledger_fixture.hpp"
#include "model/facts.hpp"
#include "store/reader.hpp"

namespace bulkhead::engine {
namespace {

class OperationsTest : public LedgerTest {
 protected:
  Operations::Steps storage_step(std::function<void(const model::Event&, Report)> effect,
                                 const model::Origin& origin = {}) {
    Operations::Steps steps;
    steps.decide = [origin](const model::State&) -> Result<model::Decision> {
      return model::Decision{model::intent("storage/local", "storage.gc", Json::object(), origin)};
    };
    steps.effect = std::move(effect);
    return steps;
  }
};

TEST_F(OperationsTest, TheEffectComesAfterTheIntentIsCommitted) {
  bool intent_was_on_disk = false, done = false;
  auto effect = [&](const model::Event& intent, const Report& report) {
    auto reader = store::Reader::open(ledger_->journal().path());
    auto event = reader->event(intent.seq);
    intent_was_on_disk = event && *event && (*event)->phase == model::Phase::kIntent;
    report({Json{{"reclaimed", 5}}, {}, {}});
  };
  operations_->perform({}, storage_step(effect), [&](const Result<Json>& result) {
    done = true;
    EXPECT_EQ((*result)["reclaimed"], 5);
  });
  ASSERT_TRUE(settle([&] { return done; }));
  EXPECT_TRUE(intent_was_on_disk);
  EXPECT_TRUE(ledger_->state().operations.empty());
}

TEST_F(OperationsTest, AFailureIsAnOutcomeToo) {
  bool done = false;
  model::Seq op = 0;
  auto effect = [&](const model::Event& intent, const Report& report) {
    op = intent.seq;
    report({fail(Code::kNoSpace, "the disk is full"), {}, {}});
  };
  operations_->perform({}, storage_step(effect), [&](const Result<Json>& result) {
    done = true;
    EXPECT_EQ(result.error().code, Code::kNoSpace);
  });
  ASSERT_TRUE(settle([&] { return done; }));
  auto outcome = store::Reader::open(ledger_->journal().path())->outcome(op);
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ((*outcome)->data["ok"], false);
  EXPECT_EQ((*outcome)->data["error"]["message"], "the disk is full");
}

TEST_F(OperationsTest, ARefusedDecisionLeavesNoEvent) {
  auto head = ledger_->state().seq;
  bool done = false;
  Operations::Steps steps;
  steps.decide = [](const model::State&) -> Result<model::Decision> {
    return fail(Code::kConflict, "no");
  };
  steps.effect = [](const model::Event&, const Report&) {
    FAIL() << "an effect without an intent";
  };
  operations_->perform({}, std::move(steps), [&](const Result<Json>& result) {
    done = true;
    EXPECT_EQ(result.error().code, Code::kConflict);
  });
  ASSERT_TRUE(settle([&] { return done; }));
  EXPECT_EQ(ledger_->state().seq, head);
}

TEST_F(OperationsTest, ARepeatedRequestGetsTheRecordedOutcome) {
  model::Origin origin;
  origin.idempotency_key = "key";
  int effects = 0, answers = 0;
  auto effect = [&](const model::Event&, const Report& report) {
    ++effects;
    report({Json{{"reclaimed", 7}}, {}, {}});
  };
  auto done = [&](const Result<Json>& result) {
    ++answers;
    ASSERT_TRUE(result);
    EXPECT_EQ((*result)["reclaimed"], 7);
  };
  operations_->perform(origin, storage_step(effect, origin), done);
  ASSERT_TRUE(settle([&] { return answers == 1; }));
  operations_->perform(origin, storage_step(effect, origin), done);
  ASSERT_TRUE(settle([&] { return answers == 2; }));
  EXPECT_EQ(effects, 1);
}

}  // namespace
}  // namespace bulkhead::engine
