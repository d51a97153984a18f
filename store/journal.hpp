// The journal: an append-only table of events in SQLite, one writer.
//
// One thread owns the only writable connection. append() puts a batch in its queue; the writer
// takes all that is queued (at most 512 events or 1 MiB), writes it in one BEGIN IMMEDIATE
// transaction with synchronous=FULL and commits: batching clocks itself, no timer. Then `notify` is
// called (the daemon wires it to uv_async_send) and the loop calls drain(), which delivers in order
// of seq: first the observer, then the appender's own callback. Whoever gets its callback has its
// events on the disk; a side effect may follow an intent only then.
//
// A batch is atomic. Its failure (full disk, refused key, expected version) leaves the journal
// usable and other batches untouched. Nothing can update or delete a row: triggers refuse it on any
// connection, an authorizer on this one.
//
// Decisions need more than append(): between deciding and committing, another command could decide
// on the same state. Use Ledger (ledger.hpp) for commands.
//
// Threads: open, append, drain, append_sync and the destructor belong to one thread, the loop's.
// notify is called from the writer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "store/clock.hpp"

namespace bulkhead::store {

using model::Event;
using model::NewEvent;
using model::Seq;

class Journal {
 public:
  using Ack = std::function<void(Result<std::vector<Event>>)>;
  using Observer = std::function<void(const std::vector<Event>&)>;  // one batch, in order

  struct Options {
    std::string path;  // "<data root>/journal.db"; made if missing, its directory must exist
    Clock clock = system_clock();
    std::function<void()> notify;  // [writer thread] something waits for drain(); may be empty
    int64_t max_pages = 0;         // tests: PRAGMA max_page_count, so that the disk is full early
  };

  // Opens or creates, migrates, checks: application id, user_version (a newer one is refused), the
  // tail's leaves and density; the whole file (quick_check) if the last event isn't daemon.stopped.
  // Fails with kConflict if another process has it open for writing, kCorrupt if it isn't a journal
  // or damaged.
  static Result<std::unique_ptr<Journal>> open(Options options);
  // Writes what is queued, delivers nothing any more, closes.
  ~Journal();

  const std::string& path() const;
  const std::string& uuid() const;
  Seq first() const;   // of the file
  Seq head() const;    // last committed event that was delivered (drain) or read at open
  bool clean() const;  // the journal was new, or its last event before this open was daemon.stopped

  void observe(Observer observer);  // at most one; called in drain() and append_sync()
  void append(std::vector<NewEvent> events, Ack ack);
  void drain();
  // Waits for the commit. Also delivers everything that was queued before it. For start, stop and
  // tests.
  Result<std::vector<Event>> append_sync(std::vector<NewEvent> events);

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bulkhead::store
