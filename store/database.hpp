// The edge to SQLite: SQLiteCpp's statements inside, Results outside. Its exceptions end in
// guarded(), which also turns SQLite's codes into ours, so that a full disk reads the same wherever
// it was met.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <memory>
#include <string>
#include <string_view>

#include "bulkhead/result.hpp"

namespace bulkhead::store {

enum class Access { kReadOnly, kReadWrite };

// Opens with what every connection here has: small cache, no mmap, busy timeout, untrusted schema.
// Read-only connections also refuse to write by pragma. The connection may move between threads but
// serves one at a time.
Result<std::unique_ptr<SQLite::Database>> open_database(const std::string& path, Access access);

// Write-ahead logging with this `synchronous` level; fails if the file system can't do it.
void enable_wal(SQLite::Database& database, const char* synchronous);

Error sqlite_error(std::string_view doing, const SQLite::Exception& exception);

// Runs a body that may throw SQLite::Exception and returns a Result.
template <class Body>
auto guarded(std::string_view doing, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const SQLite::Exception& exception) {
    return fail(sqlite_error(doing, exception));
  }
}

// First column of the first row of a query without parameters; 0 without rows.
int64_t scalar(SQLite::Database& database, const char* sql);

}  // namespace bulkhead::store
