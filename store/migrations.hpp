// Schema migrations: forward only, one transaction each, the number in user_version. The SHA-256 of
// every applied file is recorded as event journal.migrated in that same transaction, so that a
// journal says which schema text it really has.
#pragma once

#include <string_view>
#include <vector>

#include "bulkhead/result.hpp"
#include "store/clock.hpp"
#include "store/database.hpp"

namespace bulkhead::store {

struct Migration {
  int number;
  std::string_view name;    // "0001_journal"
  std::string_view sha256;  // hex
  std::string_view sql;
};

// Compiled in from store/migrations/NNNN_words.sql, ascending.
const std::vector<Migration>& journal_migrations();

// Brings the database from its user_version to the newest of `all`. A newer one than that is
// kUnsupported. `uuid` is the journal's if the first migration has to make it.
Status migrate(SQLite::Database& database, const std::vector<Migration>& all,
               const std::string& uuid, const Clock& clock);

}  // namespace bulkhead::store
