// Opening the journal's file for writing: lock, create, check, migrate, lock down. Everything that
// can be wrong with a file is found here, before the writer's thread exists.
#pragma once

#include <memory>
#include <string>

#include "bulkhead/result.hpp"
#include "bulkhead/unique_fd.hpp"
#include "model/event.hpp"
#include "store/clock.hpp"
#include "store/database.hpp"

namespace bulkhead::store {

// "BHJ1": what file(1) and we tell a journal by.
inline constexpr int kApplicationId = 0x42484a31;

struct JournalFile {
  UniqueFd lock;  // flock on "<path>-lock": one writer per journal, whatever happens to the process
  std::unique_ptr<SQLite::Database> database;
  std::string uuid;
  model::Seq first = 1;
  model::Seq head = 0;
  bool clean = true;
};

Result<JournalFile> open_journal_file(const std::string& path, const Clock& clock,
                                      int64_t max_pages);

// Checks application id and the presence of the schema; for readers too.
Status check_identity(SQLite::Database& database, const std::string& path);
Result<std::string> journal_uuid(SQLite::Database& database);

}  // namespace bulkhead::store
