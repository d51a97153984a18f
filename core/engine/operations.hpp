// Write-ahead intent, the rule every side effect obeys:
//
//     decide -> append intent (committed) -> effect -> append outcome -> answer
//
// perform() is that line. The effect gets the intent as it was committed (its op is the operation's
// id) and reports once; facts that follow from it are committed with the outcome in one
// transaction. A crash between the two commits leaves an open intent, which recovery finds; no
// crash leaves an effect without an intent.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "plugin_port.hpp"
#include "store/ledger.hpp"

namespace bulkhead::engine {

// What an effect came to, as the journal keeps it.
struct Effect {
  Result<Json> outcome;
  std::function<model::Decision(std::size_t outcome_index)> facts;  // may be empty
  bool recovered = false;  // found out after a restart, which the outcome then says
};
using Report = std::function<void(Effect)>;

// What the client gets, made of what is in the journal and nothing else: a repeat with the same
// Idempotency-Key gets it as well, perhaps from a later daemon.
using Describe = std::function<Result<Json>(const model::Operation& intent, const Json& outcome)>;

class Operations {
 public:
  explicit Operations(store::Ledger& ledger) : ledger_(ledger) {}

  struct Steps {
    store::Ledger::Command decide;
    std::function<void(const model::Event& intent, Report report)> effect;
    std::function<void(Answer done)> already;  // the decision was empty: it is so already
    Describe answer;                           // default: the outcome
  };
  void perform(const model::Origin& origin, Steps steps, Answer done);

  // The second half, for an intent that is open: used by perform() and by recovery.
  void conclude(const model::Operation& operation, const model::Origin& origin, Effect effect,
                Answer done);

  // Likewise, for what nobody knows any more.
  void lose(const model::Operation& operation, const std::string& why, std::function<void()> then);

  // Outcomes that a full disk kept out of the journal are kept here and written when there is room:
  // the daemon calls this from a timer. They are not lost while it lives, and recovery asks after
  // them if it doesn't. What the journal would never take becomes a failed outcome that says so.
  void retry();

  store::Ledger& ledger() { return ledger_; }
  const model::State& state() const { return ledger_.state(); }

 private:
  void repeat(model::Seq op, const model::Origin& origin, const Describe& describe,
              const Answer& done);
  void record_surely(const model::Operation& operation, model::Decision events,
                     store::Ledger::Ack ack);
  void replace(const model::Operation& operation, const Error& why);

  struct Unwritten {
    model::Operation operation;
    model::Decision events;
  };
  store::Ledger& ledger_;
  std::vector<Unwritten> unwritten_;
  std::set<model::Seq> concluding_;  // has an outcome, be it not yet journaled: there is only one
};

// A full or failing disk, and not the event itself, kept it out of the journal.
bool may_be_written_later(const Error& error);

}  // namespace bulkhead::engine
