#include "store/state_rows.hpp"

#include "model/snapshot.hpp"

namespace bulkhead::store {
namespace {

using model::Json;
using model::State;

// Of these tables; the model's own revision covers what is in their bodies.
constexpr int kTablesRevision = 1;
constexpr int64_t kRevision = model::kSnapshotRevision * 1000 + kTablesRevision;

constexpr const char* kTables = R"sql(
  DROP TABLE IF EXISTS container; DROP TABLE IF EXISTS image; DROP TABLE IF EXISTS property;
  DROP TABLE IF EXISTS request;   DROP TABLE IF EXISTS rest;  DROP TABLE IF EXISTS cursor;
  CREATE TABLE container(id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE image(key TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE property(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE request(key TEXT PRIMARY KEY, op INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE rest(name TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE cursor(name TEXT PRIMARY KEY, journal TEXT NOT NULL, seq INTEGER NOT NULL,
                      rev INTEGER NOT NULL) STRICT, WITHOUT ROWID;
)sql";

bool fits(SQLite::Database& database, const std::string& journal) {
  if (!database.tableExists("cursor")) return false;
  SQLite::Statement cursor(database, "SELECT journal, rev FROM cursor WHERE name='state'");
  return cursor.executeStep() && cursor.getColumn(0).getString() == journal &&
         cursor.getColumn(1).getInt64() == kRevision;
}

void put(SQLite::Database& database, const char* insert, const char* remove,
         const std::vector<std::pair<std::string, std::optional<std::string>>>& rows) {
  SQLite::Statement set(database, insert);
  SQLite::Statement drop(database, remove);
  for (const auto& [key, body] : rows) {
    SQLite::Statement& statement = body ? set : drop;
    statement.reset();
    statement.bindNoCopy(1, key);
    if (body) statement.bindNoCopy(2, *body);
    statement.exec();
  }
}

void put_images(SQLite::Database& database, const StateBatch& batch) {
  database.exec("DELETE FROM image");
  SQLite::Statement insert(database, "INSERT INTO image(key, body) VALUES(?, ?)");
  for (const auto& [key, body] : batch.images) {
    insert.reset();
    insert.bindNoCopy(1, key);
    insert.bindNoCopy(2, body);
    insert.exec();
  }
}

void put_requests(SQLite::Database& database, const StateBatch& batch) {
  SQLite::Statement insert(database, "INSERT OR REPLACE INTO request(key, op) VALUES(?, ?)");
  for (const auto& [key, op] : batch.requests) {
    insert.reset();
    insert.bindNoCopy(1, key);
    insert.bind(2, int64_t(op));
    insert.exec();
  }
  SQLite::Statement drop(database, "DELETE FROM request WHERE op<?");
  drop.bind(1, int64_t(batch.oldest_request));
  drop.exec();
}

void drop_rows(SQLite::Database& database) {
  for (const char* table : {"container", "image", "property", "request", "rest"})
    database.exec(std::string("DELETE FROM ") + table);
}

// False for a body that isn't what this build writes: the projection is then worth nothing.
bool read_containers(SQLite::Database& database, State& state) {
  SQLite::Statement rows(database, "SELECT id, body FROM container");
  while (rows.executeStep()) {
    auto container =
        model::container_from_snapshot(Json::parse(rows.getColumn(1).getString(), nullptr, false));
    if (!container) return false;
    state.containers.emplace(rows.getColumn(0).getString(), std::move(*container));
  }
  return true;
}

bool read_images(SQLite::Database& database, State& state) {
  SQLite::Statement rows(database, "SELECT body FROM image");
  while (rows.executeStep()) {
    auto image =
        model::image_from_snapshot(Json::parse(rows.getColumn(0).getString(), nullptr, false));
    if (!image) return false;
    bool named = !image->reference.empty();
    auto& images = named ? state.images : state.dangling;
    std::string key = named ? image->reference : image->digest;
    images.emplace(std::move(key), std::move(*image));
  }
  return true;
}

bool read_rest(SQLite::Database& database, State& state) {
  SQLite::Statement properties(database, "SELECT key, value FROM property");
  while (properties.executeStep())
    state.properties.emplace(properties.getColumn(0).getString(),
                             properties.getColumn(1).getString());
  SQLite::Statement requests(database, "SELECT key, op FROM request");
  while (requests.executeStep())
    state.requests.emplace(requests.getColumn(0).getString(), requests.getColumn(1).getInt64());
  SQLite::Statement rest(database, "SELECT body FROM rest WHERE name='state'");
  return rest.executeStep() &&
         model::rest_from_snapshot(state,
                                   Json::parse(rest.getColumn(0).getString(), nullptr, false));
}

}  // namespace

Status prepare_state_rows(SQLite::Database& database, const std::string& journal) {
  return guarded("prepare the projection", [&]() -> Status {
    enable_wal(database, "NORMAL");
    if (fits(database, journal)) return {};
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    database.exec(kTables);
    SQLite::Statement cursor(
        database, "INSERT INTO cursor(name, journal, seq, rev) VALUES('state', ?, 0, ?)");
    cursor.bind(1, journal);
    cursor.bind(2, kRevision);
    cursor.exec();
    transaction.commit();
    return {};
  });
}

Status write_state_rows(SQLite::Database& database, const StateBatch& batch) {
  return guarded("write the projection", [&]() -> Status {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    if (batch.whole) drop_rows(database);
    put(database, "INSERT OR REPLACE INTO container(id, body) VALUES(?, ?)",
        "DELETE FROM container WHERE id=?", batch.containers);
    put(database, "INSERT OR REPLACE INTO property(key, value) VALUES(?, ?)",
        "DELETE FROM property WHERE key=?", batch.properties);
    if (batch.images_changed) put_images(database, batch);
    put_requests(database, batch);
    put(database, "INSERT OR REPLACE INTO rest(name, body) VALUES(?, ?)",
        "DELETE FROM rest WHERE name=?", {{"state", batch.rest}});
    SQLite::Statement cursor(database, "UPDATE cursor SET seq=? WHERE name='state'");
    cursor.bind(1, int64_t(batch.seq));
    cursor.exec();
    transaction.commit();
    return {};
  });
}

Result<State> read_state_rows(SQLite::Database& database) {
  return guarded("read the projection", [&]() -> Result<State> {
    State state;
    state.seq = scalar(database, "SELECT seq FROM cursor WHERE name='state'");
    if (state.seq == 0) return State{};
    if (read_containers(database, state) && read_images(database, state) &&
        read_rest(database, state))
      return state;
    return fail(Code::kCorrupt, "the projection can't be read");
  });
}

}  // namespace bulkhead::store
