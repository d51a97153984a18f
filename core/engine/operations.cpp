#include "operations.hpp"

#include <atomic>
#include <iterator>

#include "log.hpp"
#include "model/facts.hpp"
#include "store/reader.hpp"

namespace bulkhead::engine {

uint64_t unjournaled_op() {
  static std::atomic<uint64_t> next{1};
  return (uint64_t{1} << 63) | next++;
}

void Operations::perform(const model::Origin& origin, Steps steps, Answer done) {
  if (repeated(origin, done)) return;
  ledger_.decide(std::move(steps.decide), [this, origin, effect = std::move(steps.effect),
                                           already = std::move(steps.already),
                                           done](Result<std::vector<model::Event>> committed) {
    if (!committed) return done(fail(std::move(committed.error())));
    if (committed->empty()) return already ? already(done) : done(Json::object());
    const model::Event intent = committed->front();
    model::Operation operation = *state().operation(intent.seq);
    effect(intent, [this, operation, origin, done](Effect result) {
      conclude(operation, origin, std::move(result), done);
    });
  });
}

void Operations::conclude(const model::Operation& operation, const model::Origin& origin,
                          Effect effect, Answer done) {
  model::Decision events;
  events.push_back(effect.outcome
                       ? model::outcome_ok(operation, *effect.outcome, origin)
                       : model::outcome_failed(operation, effect.outcome.error(), origin));
  if (effect.outcome && effect.facts) {
    model::Decision facts = effect.facts(0);
    std::move(facts.begin(), facts.end(), std::back_inserter(events));
  }
  record_surely(std::move(events), [done, effect = std::move(effect)](
                                       const Result<std::vector<model::Event>>& committed) {
    if (!effect.outcome) return done(effect.outcome);
    if (!committed)
      return done(
          bulkhead::fail(Error(committed.error()).context("it was done, but not journaled")));
    done(effect.answer ? Result<Json>(effect.answer()) : effect.outcome);
  });
}

void Operations::record_surely(model::Decision events, store::Ledger::Ack ack) {
  ledger_.record(events,
                 [this, events, ack = std::move(ack)](Result<std::vector<model::Event>> result) {
                   if (!result) {
                     log::error("an outcome is not journaled yet: " + result.error().message);
                     unwritten_.push_back(events);
                   }
                   if (ack) ack(std::move(result));
                 });
}

void Operations::retry() {
  for (auto& events : std::exchange(unwritten_, {})) record_surely(std::move(events), {});
}

// A repeat of a request (same Idempotency-Key) gets the recorded outcome, or waits for it.
bool Operations::repeated(const model::Origin& origin, const Answer& done) {
  if (origin.idempotency_key.empty()) return false;
  auto op = ledger_.request(origin.idempotency_key);
  if (!op) return false;
  if (state().operation(*op)) {
    auto id = std::make_shared<int>();
    *id = ledger_.subscribe([this, op, id, done](const model::Event& event) {
      if (event.phase != model::Phase::kOutcome || event.op != op) return;
      ledger_.unsubscribe(*id);
      done(model::outcome_result(event));
    });
    return true;
  }
  auto reader = store::Reader::open(ledger_.journal().path());
  if (!reader) return done(fail(std::move(reader.error()))), true;
  auto outcome = reader->outcome(*op);
  if (!outcome) return done(fail(std::move(outcome.error()))), true;
  if (!*outcome)
    return done(fail(Code::kInternal,
                     "the outcome of operation " + std::to_string(*op) + " is missing")),
           true;
  done(model::outcome_result(**outcome));
  return true;
}

}  // namespace bulkhead::engine
