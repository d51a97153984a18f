#include "store/journal_file.hpp"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "store/migrations.hpp"
#include "store/verify.hpp"

namespace bulkhead::store {
namespace {

// Of a journal that wasn't closed cleanly, this much of the end is verified at each open: what a
// crash can have damaged is new. The whole is verify()'s business.
constexpr model::Seq kTail = 10000;

Result<UniqueFd> take_lock(const std::string& path) {
  std::string name = path + "-lock";
  UniqueFd lock(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return fail_errno("open " + name, errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Code::kConflict, "another process has the journal " + path + " open for writing",
                "one container-apiserver per data root; stop the other one first");
  return lock;
}

// SQLite gives a new file 0644; the journal has command lines in it. Its -wal and -shm inherit this
// mode.
Status make_private(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return fail_errno("open " + path, errno);
  return {};
}

std::string random_uuid() {
  unsigned char bytes[16];
  RAND_bytes(bytes, sizeof bytes);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);  // version 4
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);  // variant 1
  std::string text;
  for (int i = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

bool is_empty(SQLite::Database& database) {
  return scalar(database, "SELECT COUNT(*) FROM sqlite_master") == 0 &&
         scalar(database, "PRAGMA application_id") == 0;
}

Status configure(SQLite::Database& database, int64_t max_pages) {
  enable_wal(database, "FULL");
  database.exec(
      "PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=67108864;"
      "PRAGMA recursive_triggers=ON");
  if (max_pages > 0) database.exec("PRAGMA max_page_count=" + std::to_string(max_pages));
  return {};
}

// Only INSERT INTO event and checkpoint, and what an insert needs to look at. Not even the writer
// can do more, whatever statement a future bug hands it.
int authorise(void*, int action, const char* first, const char* second, const char*, const char*) {
  auto is = [](const char* text, std::string_view wanted) { return text && text == wanted; };
  switch (action) {
    case SQLITE_INSERT:
      return is(first, "event") || is(first, "checkpoint") ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return is(second, "load_extension") ? SQLITE_DENY : SQLITE_OK;
    default:
      return SQLITE_DENY;
  }
}

void lock_down(SQLite::Database& database) {
  sqlite3* handle = database.getHandle();
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_set_authorizer(handle, authorise, nullptr);
}

Status check_content(SQLite::Database& database, const std::string& path) {
  SQLite::Statement check(database, "PRAGMA quick_check(1)");
  std::string verdict = check.executeStep() ? check.getColumn(0).getString() : "no answer";
  if (verdict == "ok") return {};
  return fail(Code::kCorrupt, "the journal " + path + " is damaged: " + verdict,
              "restore it from a backup; the damaged file stays as it is");
}

Status check_tail(const std::string& path, model::Seq head) {
  auto reader = Reader::open(path);
  if (!reader) return fail(std::move(reader.error()));
  auto result = verify(*reader, head > kTail ? head - kTail : 0);
  if (!result) return fail(std::move(result.error()));
  if (result->ok()) return {};
  return fail(Code::kCorrupt, "the journal " + path + " is damaged: " + result->problems.front(),
              "restore it from a backup; the damaged file stays as it is");
}

bool ended_cleanly(SQLite::Database& database) {
  SQLite::Statement last(database, "SELECT type FROM event ORDER BY seq DESC LIMIT 1");
  return last.executeStep() && last.getColumn(0).getString() == "daemon.stopped";
}

Status fill(JournalFile& file, const std::string& path, const Clock& clock, int64_t max_pages) {
  SQLite::Database& database = *file.database;
  bool fresh = is_empty(database);
  if (fresh) database.exec("PRAGMA application_id=" + std::to_string(kApplicationId));
  if (auto good = check_identity(database, path); !good) return good;
  if (auto good = configure(database, max_pages); !good) return good;

  // A file that was made but never migrated counts as new: the process died in between.
  fresh = fresh || scalar(database, "PRAGMA user_version") == 0;
  file.clean = fresh || ended_cleanly(database);
  if (!file.clean)
    if (auto good = check_content(database, path); !good) return good;
  if (auto good = migrate(database, journal_migrations(), random_uuid(), clock); !good) return good;

  auto uuid = journal_uuid(database);
  if (!uuid) return fail(std::move(uuid.error()));
  file.uuid = std::move(*uuid);
  file.first = scalar(database, "SELECT value FROM meta WHERE key='first_seq'");
  file.head = std::max(file.first - 1, scalar(database, "SELECT MAX(seq) FROM event"));
  if (!fresh)
    if (auto good = check_tail(path, file.head); !good) return good;
  lock_down(database);
  return {};
}

}  // namespace

Status check_identity(SQLite::Database& database, const std::string& path) {
  if (scalar(database, "PRAGMA application_id") == kApplicationId) return {};
  return fail(Code::kCorrupt, path + " is not a Bulkhead journal",
              "move it away if it was put there by accident");
}

Result<std::string> journal_uuid(SQLite::Database& database) {
  SQLite::Statement uuid(database, "SELECT value FROM meta WHERE key='journal'");
  if (uuid.executeStep()) return uuid.getColumn(0).getString();
  return fail(Code::kCorrupt, "the journal has no identity");
}

Result<JournalFile> open_journal_file(const std::string& path, const Clock& clock,
                                      int64_t max_pages) {
  JournalFile file;
  auto lock = take_lock(path);
  if (!lock) return fail(std::move(lock.error()));
  file.lock = std::move(*lock);
  if (auto good = make_private(path); !good) return fail(std::move(good.error()));
  auto database = open_database(path, Access::kReadWrite);
  if (!database) return fail(std::move(database.error()));
  file.database = std::move(*database);
  auto filled = guarded("open the journal " + path,
                        [&]() -> Status { return fill(file, path, clock, max_pages); });
  if (!filled) return fail(std::move(filled.error()));
  return file;
}

}  // namespace bulkhead::store
