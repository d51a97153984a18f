// The projection: the state's parts as rows of a second database, state.db, so that a start doesn't
// fold all of history.
//
// It may be deleted at any time. Rows and cursor(name, journal, seq, rev) commit together, so that
// each event takes effect exactly once; a cursor of another journal or another revision drops
// everything, and so does anything unreadable. It is written behind the journal on a thread of its
// own (synchronous=NORMAL: what a power cut takes is folded again), and only for what has changed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::store {

class StateDb {
 public:
  // Never fails for the sake of its content: a damaged or foreign file is replaced.
  static Result<std::unique_ptr<StateDb>> open(const std::string& path, const std::string& journal);
  ~StateDb();  // writes what is pending

  // The state as of the last write; an empty state if there is none. Continue with fold().
  model::State load();

  // [loop] What is stored doesn't fit: the next flush writes the whole state anew.
  void forget();

  // [loop] Remembers what these events touched; now and then hands the touched parts of the state
  // to its thread.
  void update(const model::State& state, const std::vector<model::Event>& events);
  // [loop] Hands over everything touched now; wait = until it is on disk.
  void flush(const model::State& state, bool wait);

 private:
  struct Impl;
  explicit StateDb(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulkhead::store
