// Turns NewEvents into rows: gives seq, ver and root, spells the JSON, hashes the leaf. Works
// inside its caller's transaction and owns nothing but prepared statements.
//
// A failure leaves the transaction without any row of the batch (a savepoint takes back a
// half-written one), unless SQLite has ended the whole transaction itself, as it does when the disk
// is full.
#pragma once

#include <cstdint>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "store/database.hpp"

namespace bulkhead::store {

struct Times {
  int64_t wall_us = 0;
  int64_t mono_us = 0;
};

class Inserter {
 public:
  explicit Inserter(SQLite::Database& database);

  // Throws SQLite::Exception only for what isn't this batch's fault.
  Result<std::vector<model::Event>> insert(std::vector<model::NewEvent> events, Times times);

  model::Seq last() const { return last_; }       // of the transaction so far
  void rewind(model::Seq last) { last_ = last; }  // after a rollback
  int64_t bytes() const { return bytes_; }        // of JSON inserted since the last reset_bytes
  void reset_bytes() { bytes_ = 0; }

 private:
  Result<model::Event> complete(model::NewEvent&& from, const std::vector<model::Event>& batch,
                                Times times);
  Status store(model::Event& event);
  int64_t version_of(const std::string& stream);
  model::Seq root_of(model::Seq seq);

  SQLite::Database& database_;
  SQLite::Statement insert_;
  SQLite::Statement version_;
  SQLite::Statement root_;
  model::Seq last_;
  int64_t bytes_ = 0;
};

}  // namespace bulkhead::store
