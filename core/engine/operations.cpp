#include "operations.hpp"

#include <atomic>
#include <iterator>
#include <optional>

#include "barrier.hpp"
#include "log.hpp"
#include "model/facts.hpp"
#include "model/read_json.hpp"
#include "store/reader.hpp"

namespace bulkhead::engine {

uint64_t unjournaled_op() {
  static std::atomic<uint64_t> next{1};
  return (uint64_t{1} << 63) | next++;
}

void give(const Answer& answer, Result<Json> result) {
  auto thrown = guarded([&] { answer(std::move(result)); });
  if (!thrown) return;
  log::error("after a plugin's answer: " + thrown->message);
  Error error{thrown->code == Code::kInvalid ? Code::kCorrupt : thrown->code,
              std::move(*thrown).context("the plugin's answer").message,
              {}};
  if (auto again = guarded([&] { answer(fail(std::move(error))); }))
    log::error("after a plugin's failure: " + again->message);
}

// The answer that describes an outcome before it gives it to `done`.
static Answer described(model::Operation intent, Describe describe, Answer done) {
  if (!describe) return done;
  return [intent = std::move(intent), describe = std::move(describe),
          done = std::move(done)](Result<Json> outcome) {
    if (!outcome) return done(std::move(outcome));
    Result<Json> answer = Json::object();
    if (auto thrown = guarded([&] { answer = describe(intent, *outcome); }))
      answer = fail(std::move(*thrown).context("it was done, but not described"));
    done(std::move(answer));
  };
}

bool may_be_written_later(const Error& error) {
  // kDenied: the file system is read-only for now.
  return error.code == Code::kNoSpace || error.code == Code::kRetry || error.code == Code::kDenied;
}

void Operations::perform(const model::Origin& origin, Steps steps, Answer done) {
  // In the decision's turn: a second request with the same key may be under way already.
  auto earlier = std::make_shared<std::optional<model::Seq>>();
  auto decide = [earlier, key = origin.idempotency_key,
                 decide = std::move(steps.decide)](const model::State& state) {
    Result<model::Decision> decision;
    if (auto found = state.requests.find(key); !key.empty() && found != state.requests.end()) {
      *earlier = found->second;
      return decision;
    }
    auto thrown = guarded([&] { decision = decide(state); });
    return thrown ? Result<model::Decision>(fail(std::move(*thrown))) : std::move(decision);
  };
  ledger_.decide(
      std::move(decide),
      [this, origin, earlier, effect = std::move(steps.effect), already = std::move(steps.already),
       describe = std::move(steps.answer), done](Result<std::vector<model::Event>> committed) {
        if (*earlier) return repeat(**earlier, origin, describe, done);
        if (!committed) return done(fail(std::move(committed.error())));
        if (committed->empty()) return already ? already(done) : done(Json::object());
        const model::Event intent = committed->front();
        model::Operation operation = *state().operation(intent.seq);
        // Once: an effect that throws may have reported before.
        auto report = [this, operation, origin, done = described(operation, describe, done),
                       reported = std::make_shared<bool>(false)](Effect result) {
          if (!std::exchange(*reported, true)) conclude(operation, origin, std::move(result), done);
        };
        if (auto thrown = guarded([&] { effect(intent, report); }))
          report({fail(std::move(*thrown).context(operation.type)), {}});
      });
}

void Operations::conclude(const model::Operation& operation, const model::Origin& origin,
                          Effect effect, Answer done) {
  model::Decision facts;
  if (effect.outcome && effect.facts)
    if (auto thrown = guarded([&] { facts = effect.facts(0); }))
      effect.outcome = bulkhead::fail(std::move(*thrown).context(operation.type));
  model::Decision events;
  if (!effect.outcome)
    events.push_back(model::outcome_failed(operation, effect.outcome.error(), origin));
  else if (effect.recovered)
    events.push_back(model::outcome_recovered(operation, *effect.outcome, origin));
  else
    events.push_back(model::outcome_ok(operation, *effect.outcome, origin));
  if (effect.outcome) std::move(facts.begin(), facts.end(), std::back_inserter(events));
  record_surely(
      operation, std::move(events),
      [done, effect = std::move(effect)](const Result<std::vector<model::Event>>& committed) {
        if (!effect.outcome) return done(effect.outcome);
        if (!committed)
          return done(
              bulkhead::fail(Error(committed.error()).context("it was done, but not journaled")));
        done(effect.outcome);
      });
}

void Operations::lose(const model::Operation& operation, const std::string& why,
                      std::function<void()> then) {
  record_surely(operation, {model::outcome_lost(operation, why)},
                [then = std::move(then)](const Result<std::vector<model::Event>>&) { then(); });
}

void Operations::record_surely(const model::Operation& operation, model::Decision events,
                               store::Ledger::Ack ack) {
  // Recovery and the host itself may both say how an operation ended: the first one counts.
  if (!state().operation(operation.op) || !concluding_.insert(operation.op).second)
    return ack(fail(Code::kConflict,
                    "operation " + std::to_string(operation.op) + " has an outcome already"));
  ledger_.record(events, [this, operation, events,
                          ack = std::move(ack)](Result<std::vector<model::Event>> result) {
    if (result) {
      concluding_.erase(operation.op);
    } else if (may_be_written_later(result.error())) {
      log::error("an outcome is not journaled yet: " + result.error().message);
      unwritten_.push_back({operation, events});
    } else {
      replace(operation, result.error());
    }
    ack(std::move(result));
  });
}

// It would be refused again and again: the operation ends with the reason instead.
void Operations::replace(const model::Operation& operation, const Error& why) {
  log::error("an outcome can't be journaled: " + why.message);
  model::Decision events = {
      model::outcome_failed(operation, Error(why).context("it was done, but not journaled"))};
  ledger_.record(events,
                 [this, operation, events](const Result<std::vector<model::Event>>& result) {
                   if (!result && may_be_written_later(result.error()))
                     return unwritten_.push_back({operation, events});
                   concluding_.erase(operation.op);
                 });
}

void Operations::retry() {
  for (Unwritten& waiting : std::exchange(unwritten_, {})) {
    model::Decision events = waiting.events;
    ledger_.record(std::move(events), [this, waiting = std::move(waiting)](
                                          const Result<std::vector<model::Event>>& result) {
      if (result) return void(concluding_.erase(waiting.operation.op));
      if (may_be_written_later(result.error())) return unwritten_.push_back(waiting);
      replace(waiting.operation, result.error());
    });
  }
}

// A repeat of a request (same Idempotency-Key) gets the answer of the recorded outcome, or waits
// for it. The same key with another request is a mistake that must not be answered with that
// outcome.
void Operations::repeat(model::Seq op, const model::Origin& origin, const Describe& describe,
                        const Answer& done) {
  auto is_other = [&](const Json& actor) {
    std::string before = model::read_text(actor, "request");
    return !before.empty() && !origin.request.empty() && before != origin.request;
  };
  auto refuse = [&] {
    done(fail(Code::kConflict, "the Idempotency-Key was used for another request",
              "a new request needs a new key"));
  };
  if (const model::Operation* open = state().operation(op)) {
    if (is_other(open->actor)) return refuse();
    auto id = std::make_shared<int>();
    *id = ledger_.subscribe(
        [this, op, id, done = described(*open, describe, done)](const model::Event& event) {
          if (event.phase != model::Phase::kOutcome || event.op != op) return;
          ledger_.unsubscribe(*id);
          done(model::outcome_result(event));
        });
    return;
  }
  auto reader = store::Reader::open(ledger_.journal().path());
  if (!reader) return done(fail(std::move(reader.error())));
  auto intent = reader->event(op);
  if (!intent) return done(fail(std::move(intent.error())));
  if (*intent && is_other((*intent)->actor)) return refuse();
  auto outcome = reader->outcome(op);
  if (!outcome) return done(fail(std::move(outcome.error())));
  if (!*intent || !*outcome)
    return done(
        fail(Code::kInternal, "the outcome of operation " + std::to_string(op) + " is missing"));
  model::Operation operation{op,
                             (*intent)->stream,
                             (*intent)->type,
                             (*intent)->root,
                             (*intent)->at_us,
                             (*intent)->actor,
                             (*intent)->data};
  described(std::move(operation), describe, done)(model::outcome_result(**outcome));
}

}  // namespace bulkhead::engine
