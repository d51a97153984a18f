#include "store/migrations.hpp"

#include "model/facts.hpp"
#include "store/inserter.hpp"

namespace bulkhead::store {
namespace {

void make_meta(SQLite::Database& database, const std::string& uuid) {
  SQLite::Statement insert(database, "INSERT INTO meta(key, value) VALUES(?, ?)");
  auto put = [&](const char* key, auto value) {
    insert.reset();
    insert.bind(1, key);
    insert.bind(2, value);
    insert.exec();
  };
  put("journal", uuid);
  put("first_seq", 1);
  put("format", 1);
}

Status record(SQLite::Database& database, const Migration& migration, bool fresh,
              const std::string& uuid, const Clock& clock) {
  Inserter inserter(database);
  std::vector<model::NewEvent> events;
  if (fresh)
    events.push_back(
        model::fact("journal/main", "journal.opened", {{"journal", uuid}, {"format", 1}}));
  events.push_back(model::fact(
      "journal/main", "journal.migrated",
      {{"number", migration.number}, {"name", migration.name}, {"sha256", migration.sha256}}));
  auto inserted = inserter.insert(std::move(events), {clock.wall_us(), clock.mono_us()});
  if (!inserted) return fail(std::move(inserted.error()));
  return {};
}

Status apply(SQLite::Database& database, const Migration& migration, const std::string& uuid,
             const Clock& clock) {
  return guarded("migration " + std::string(migration.name), [&]() -> Status {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    bool fresh = migration.number == 1;
    database.exec(std::string(migration.sql));
    if (fresh) make_meta(database, uuid);
    if (auto good = record(database, migration, fresh, uuid, clock); !good) return good;
    database.exec("PRAGMA user_version=" + std::to_string(migration.number));
    transaction.commit();
    return {};
  });
}

}  // namespace

Status migrate(SQLite::Database& database, const std::vector<Migration>& all,
               const std::string& uuid, const Clock& clock) {
  int64_t version = scalar(database, "PRAGMA user_version");
  int64_t newest = all.empty() ? 0 : all.back().number;
  if (version > newest)
    return fail(Code::kUnsupported,
                "the journal has schema " + std::to_string(version) + ", this version knows " +
                    std::to_string(newest),
                "use the newer version that has written it");
  for (const Migration& migration : all)
    if (migration.number > version)
      if (auto good = apply(database, migration, uuid, clock); !good) return good;
  return {};
}

}  // namespace bulkhead::store
