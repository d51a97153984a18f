// Schema migrations: forward only, one transaction each, the number in user_version. The SHA-256 of
// every applied file is recorded as event journal.migrated, so that a journal says which schema
// text it really has.
#pragma once

#include <string_view>
#include <vector>

namespace bulkhead::store {

struct Migration {
  int number;
  std::string_view name;    // "0001_journal"
  std::string_view sha256;  // hex
  std::string_view sql;
};

// Compiled in from store/migrations/NNNN_words.sql, ascending.
const std::vector<Migration>& journal_migrations();

}  // namespace bulkhead::store
