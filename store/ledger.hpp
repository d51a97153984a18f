// The ledger: the daemon's state together with its journal, and the only way in which a command
// becomes events.
//
// A decision is taken against the state and holds only as long as the state stays so. Between
// append and commit it doesn't show in the state yet; a second command decided in that gap could
// take the same name. So the ledger lets one decision be in flight: the next ones wait for its
// commit (0.2 ms) and are then decided on a state that includes it. Facts and outcomes don't wait;
// they state what has happened and ride along in the same commit.
//
// Loop thread only. Callbacks come from Journal::drain(), in order, after the state has taken the
// events in; they may call back into the ledger.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"
#include "store/journal.hpp"
#include "store/state_db.hpp"

namespace bulkhead::store {

class Ledger {
 public:
  using Ack = Journal::Ack;
  using Command = std::function<Result<model::Decision>(const model::State&)>;
  using Subscriber = std::function<void(const Event&)>;

  // Loads the state (state.db and the journal's tail after it). state_db may be null: then
  // everything is folded.
  static Result<std::unique_ptr<Ledger>> open(std::unique_ptr<Journal> journal,
                                              std::unique_ptr<StateDb> state_db);
  ~Ledger();

  const model::State& state() const { return state_; }
  Journal& journal() { return *journal_; }

  // Decides when it is this command's turn, and appends. An empty decision ("it is so already") and
  // a refusal are acknowledged without an append, with no events or with the error.
  void decide(Command command, Ack ack);
  // Facts and outcomes.
  void record(std::vector<NewEvent> events, Ack ack = {});
  // At start and stop, when nothing else runs.
  Result<std::vector<Event>> record_sync(std::vector<NewEvent> events);

  // The operation that a request with this key has led to, if any (Idempotency-Key).
  std::optional<Seq> request(const std::string& key) const;

  // Committed events as they come, after the state has them. Returns an id for unsubscribe.
  int subscribe(Subscriber subscriber);
  void unsubscribe(int id);

  // Call from the loop's async handle that Journal::Options::notify wakes.
  void drain() { journal_->drain(); }
  // Writes the projection now (at a clean stop); otherwise it follows by itself.
  void flush();

 private:
  Ledger(std::unique_ptr<Journal> journal, std::unique_ptr<StateDb> state_db);
  void take(const std::vector<Event>& events);
  void next();

  std::unique_ptr<Journal> journal_;
  std::unique_ptr<StateDb> state_db_;
  model::State state_;
  struct Waiting {
    Command command;
    Ack ack;
  };
  std::deque<Waiting> waiting_;
  bool deciding_ = false;
  std::vector<std::pair<int, Subscriber>> subscribers_;
  int next_subscriber_ = 1;
};

}  // namespace bulkhead::store
