// Facts about containers that must not be lost, in the order in which they happened.
//
// Each container has a line. Its first entry is written; the next one is made only when that is in
// the journal, so whatever it is made from includes what came before. A full disk stops the line
// (and no other) until retry() finds room: nothing overtakes, nothing is forgotten while the daemon
// lives. What the journal would never take is said in the log and dropped, or the line would stand
// for ever.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "store/ledger.hpp"

namespace bulkhead::engine {

class FactQueue {
 public:
  // What to write, when it is its turn; empty: nothing.
  using Make = std::function<model::Decision()>;
  using Then = std::function<void()>;
  explicit FactQueue(store::Ledger& ledger) : ledger_(ledger) {}

  // `written` once the facts are in the journal.
  void add(const std::string& id, Make make, Then written);
  // Once everything that is in the line now is written, or at once if it can't be written now:
  // nobody's answer waits for room on a disk.
  void after(const std::string& id, Then then);

  void retry();
  std::vector<std::string> stuck() const;  // the containers whose lines stand

 private:
  struct Entry {
    Make make;  // empty: of after()
    Then then;
  };
  struct Line {
    std::deque<Entry> entries;
    bool writing = false;
    bool stuck = false;
    bool told = false;  // the log is spared a line for every try
  };
  void next(const std::string& id);
  void written(const std::string& id, const Result<std::vector<model::Event>>& result);
  void finish_first(const std::string& id);
  void release(const std::string& id);

  store::Ledger& ledger_;
  std::map<std::string, Line> lines_;
};

}  // namespace bulkhead::engine
