// The writer: takes batches in order, commits as many at once as are there, says how each ended.
// The thread is its owner's (journal.cpp); here is only what a transaction is.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "store/inserter.hpp"
#include "store/journal_file.hpp"

namespace bulkhead::store {

// One append on its way: from the queue through a transaction back to the loop.
struct Batch {
  std::vector<model::NewEvent> events;
  Times times;
  std::function<void(Result<std::vector<model::Event>>)> ack;
  Result<std::vector<model::Event>> result;
};

class Writer {
 public:
  static constexpr std::size_t kMaxRows = 512;
  static constexpr int64_t kMaxBytes = 1 << 20;

  explicit Writer(JournalFile file);

  // Commits a first part of `batches`, at least one, within the limits above, and moves it from
  // there to `done`. Each batch ends on its own; what ends the transaction ends all of its batches.
  void commit(std::deque<Batch>& batches, std::deque<Batch>& done);

 private:
  void insert(std::deque<Batch>& batches, std::deque<Batch>& group);
  void give_up(std::deque<Batch>& group, const Error& error);

  JournalFile file_;
  Inserter inserter_;
};

}  // namespace bulkhead::store
