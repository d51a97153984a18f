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
    report({Json{{"reclaimed", 5}}, {}});
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
    report({fail(Code::kNoSpace, "the disk is full"), {}});
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

TEST_F(OperationsTest, ADecisionThatThrowsIsARefusal) {
  std::optional<Error> error;
  Operations::Steps steps;
  steps.decide = [](const model::State&) -> Result<model::Decision> {
    return fail(Code::kConflict, Json{{"image", 5}}.value("image", std::string()));
  };
  steps.effect = [](const model::Event&, const Report&) {};
  operations_->perform({}, std::move(steps),
                       [&](const Result<Json>& result) { error = result.error(); });
  ASSERT_TRUE(settle([&] { return error.has_value(); }));
  EXPECT_EQ(error->code, Code::kInvalid);
}

TEST_F(OperationsTest, AnEffectThatThrowsIsAnOutcome) {
  std::optional<Error> error;
  auto effect = [](const model::Event&, const Report&) { throw std::runtime_error("a bug"); };
  operations_->perform({}, storage_step(effect),
                       [&](const Result<Json>& result) { error = result.error(); });
  ASSERT_TRUE(settle([&] { return error.has_value(); }));
  EXPECT_EQ(error->code, Code::kInternal);
  EXPECT_TRUE(ledger_->state().operations.empty());
}

TEST_F(OperationsTest, WhatThrowsAfterAPluginsAnswerIsAnOutcome) {
  std::optional<Error> error;
  ScriptedPlugin plugin;
  auto effect = [&](const model::Event&, const Report& report) {
    plugin.ask("storage.gc", Json::object(), [report](Result<Json> result) {
      if (!result) return report({std::move(result), {}});
      report({Json{{"reclaimed", result->at("reclaimed").get<int64_t>()}}, {}});
    });
  };
  operations_->perform({}, storage_step(effect),
                       [&](const Result<Json>& result) { error = result.error(); });
  ASSERT_TRUE(settle([&] { return !plugin.calls.empty(); }));
  give(plugin.calls.front().answer, Json{{"reclaimed", "much"}});
  ASSERT_TRUE(settle([&] { return error.has_value(); }));
  EXPECT_EQ(error->code, Code::kCorrupt);
  EXPECT_TRUE(ledger_->state().operations.empty());
}

TEST_F(OperationsTest, FactsAndAnswersThatThrowDontEndTheDaemon) {
  std::optional<Error> error;
  auto facts = [](const model::Event&, const Report& report) {
    report({Json::object(),
            [](std::size_t) -> model::Decision { throw std::runtime_error("a bug"); }});
  };
  operations_->perform({}, storage_step(facts),
                       [&](const Result<Json>& result) { error = result.error(); });
  ASSERT_TRUE(settle([&] { return error.has_value(); }));
  error.reset();
  Operations::Steps steps = storage_step([](const model::Event&, const Report& report) {
    report({Json::object(), {}});
  });
  steps.answer = [](const model::Operation&, const Json&) -> Json {
    throw std::runtime_error("a bug");
  };
  operations_->perform({}, std::move(steps),
                       [&](const Result<Json>& result) { error = result.error(); });
  ASSERT_TRUE(settle([&] { return error.has_value(); }));
  EXPECT_TRUE(ledger_->state().operations.empty());
}

TEST_F(OperationsTest, AnOutcomeThatFitsInNoJournalFails) {
  bool done = false;
  model::Seq op = 0;
  auto effect = [&](const model::Event& intent, const Report& report) {
    op = intent.seq;
    report({Json{{"names", std::string(5 << 20, 'x')}}, {}});
  };
  operations_->perform({}, storage_step(effect), [&](const Result<Json>& result) {
    done = true;
    EXPECT_FALSE(result);
  });
  ASSERT_TRUE(settle([&] { return done && ledger_->state().operations.empty(); }));
  auto outcome = store::Reader::open(ledger_->journal().path())->outcome(op);
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ((*outcome)->data["ok"], false);
}

TEST_F(OperationsTest, ARepeatedRequestGetsTheRecordedOutcome) {
  model::Origin origin;
  origin.idempotency_key = "key";
  int effects = 0, answers = 0;
  auto effect = [&](const model::Event&, const Report& report) {
    ++effects;
    report({Json{{"reclaimed", 7}}, {}});
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

// It is made of the journal alone, so that the daemon may have been another one meanwhile.
TEST_F(OperationsTest, ARepeatedRequestGetsTheSameAnswer) {
  model::Origin origin;
  origin.idempotency_key = "key";
  std::vector<Json> answers;
  for (int i = 0; i < 2; ++i) {
    Operations::Steps steps = storage_step(
        [i](const model::Event&, const Report& report) {
          report({Json{{"reclaimed", i}}, {}});
        },
        origin);
    steps.answer = [](const model::Operation& intent, const Json& outcome) {
      return Json{{"of", intent.stream}, {"type", intent.type}, {"freed", outcome.at("reclaimed")}};
    };
    operations_->perform(origin, std::move(steps),
                         [&](const Result<Json>& result) { answers.push_back(result.value()); });
    ASSERT_TRUE(settle([&] { return answers.size() == size_t(i) + 1; }));
    EXPECT_EQ(answers.back(),
              Json({{"of", "storage/local"}, {"type", "storage.gc"}, {"freed", 0}}));
  }
}

// Both are on their way before the first one's intent is committed.
TEST_F(OperationsTest, TwoRequestsAtOnceWithOneKeyAreOne) {
  model::Origin origin;
  origin.idempotency_key = "key";
  int effects = 0, answers = 0;
  auto effect = [&](const model::Event&, const Report& report) {
    ++effects;
    report({Json::object(), {}});
  };
  for (int i = 0; i < 2; ++i)
    operations_->perform(origin, storage_step(effect, origin), [&](const Result<Json>& result) {
      ++answers;
      EXPECT_TRUE(result);
    });
  ASSERT_TRUE(settle([&] { return answers == 2; }));
  EXPECT_EQ(effects, 1);
}

TEST_F(OperationsTest, AKeyIsForOneRequest) {
  auto effect = [](const model::Event&, const Report& report) { report({Json::object(), {}}); };
  model::Origin origin;
  origin.idempotency_key = "key";
  for (const char* request : {"first", "second", "first"}) {
    origin.request = request;
    std::optional<Result<Json>> answer;
    operations_->perform(origin, storage_step(effect, origin),
                         [&](Result<Json> result) { answer = std::move(result); });
    ASSERT_TRUE(settle([&] { return answer.has_value(); }));
    EXPECT_EQ(answer->has_value(), origin.request == "first");
    EXPECT_TRUE(*answer || answer->error().code == Code::kConflict);
  }
}

}  // namespace
}  // namespace bulkhead::engine
