#include "store/database.hpp"

#include <sqlite3.h>

namespace bulkhead::store {
namespace {

Code code_of(const SQLite::Exception& exception) {
  switch (exception.getExtendedErrorCode()) {
    case SQLITE_IOERR_WRITE:  // EFBIG and EDQUOT arrive as these, ENOSPC as SQLITE_FULL
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_TRUNCATE:
    case SQLITE_IOERR_SHMSIZE:
      return Code::kNoSpace;
    default:
      break;
  }
  switch (exception.getErrorCode()) {
    case SQLITE_FULL:
      return Code::kNoSpace;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kCorrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
      return Code::kDenied;
    case SQLITE_CONSTRAINT:
      return Code::kConflict;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
      return Code::kRetry;
    default:
      return Code::kInternal;
  }
}

}  // namespace

Error sqlite_error(std::string_view doing, const SQLite::Exception& exception) {
  Error error;
  error.code = code_of(exception);
  error.message = std::string(doing) + ": " + exception.getErrorStr();
  if (error.code == Code::kNoSpace) {
    error.message = std::string(doing) + ": the disk is full or can't be written (" +
                    exception.getErrorStr() + ")";
    error.hint = "make room on the file system of the data root, then repeat the command";
  }
  return error;
}

Result<std::unique_ptr<SQLite::Database>> open_database(const std::string& path, Access access) {
  return guarded("open " + path, [&]() -> Result<std::unique_ptr<SQLite::Database>> {
    int flags = access == Access::kReadOnly ? SQLite::OPEN_READONLY
                                            : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
    auto database = std::make_unique<SQLite::Database>(path, flags | SQLITE_OPEN_NOMUTEX, 5000);
    sqlite3_extended_result_codes(database->getHandle(), 1);
    database->exec(
        "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
        "PRAGMA cache_size=-2000; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY");
    if (access == Access::kReadOnly) database->exec("PRAGMA query_only=ON");
    return database;
  });
}

void enable_wal(SQLite::Database& database, const char* synchronous) {
  SQLite::Statement mode(database, "PRAGMA journal_mode=WAL");
  if (!mode.executeStep() || mode.getColumn(0).getString() != "wal")
    throw SQLite::Exception("write-ahead logging is not possible on this file system",
                            SQLITE_CANTOPEN);
  mode.reset();
  database.exec(std::string("PRAGMA synchronous=") + synchronous);
}

int64_t scalar(SQLite::Database& database, const char* sql) {
  SQLite::Statement statement(database, sql);
  return statement.executeStep() ? statement.getColumn(0).getInt64() : 0;
}

}  // namespace bulkhead::store
