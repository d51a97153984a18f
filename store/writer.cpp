#include "store/writer.hpp"

#include <sqlite3.h>

#include <iterator>

namespace bulkhead::store {

Writer::Writer(JournalFile file) : file_(std::move(file)), inserter_(*file_.database) {}

// Moves each batch to the group before it is tried, so that a throw leaves none behind that has
// been touched.
void Writer::insert(std::deque<Batch>& batches, std::deque<Batch>& group) {
  std::size_t rows = 0;
  inserter_.reset_bytes();
  while (!batches.empty() && inserter_.bytes() < kMaxBytes) {
    rows += batches.front().events.size();
    if (!group.empty() && rows > kMaxRows) return;
    group.push_back(std::move(batches.front()));
    batches.pop_front();
    Batch& batch = group.back();
    batch.result = inserter_.insert(std::move(batch.events), batch.times);
  }
}

// The transaction is lost, and with it the batches that seemed well.
void Writer::give_up(std::deque<Batch>& group, const Error& error) {
  if (sqlite3_get_autocommit(file_.database->getHandle()) == 0) file_.database->tryExec("ROLLBACK");
  inserter_.rewind(file_.head);
  for (Batch& batch : group)
    if (batch.result) batch.result = fail(error);
}

void Writer::commit(std::deque<Batch>& batches, std::deque<Batch>& done) {
  std::deque<Batch> group;
  try {
    file_.database->exec("BEGIN IMMEDIATE");
    insert(batches, group);
    file_.database->exec("COMMIT");
    file_.head = inserter_.last();
  } catch (const SQLite::Exception& exception) {
    if (group.empty() &&
        !batches.empty()) {  // not even begun: the first one pays, or this would go on for ever
      group.push_back(std::move(batches.front()));
      batches.pop_front();
    }
    give_up(group, sqlite_error("write the journal", exception));
  }
  std::move(group.begin(), group.end(), std::back_inserter(done));
}

}  // namespace bulkhead::store
