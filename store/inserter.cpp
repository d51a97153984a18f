#include "store/inserter.hpp"

#include <sqlite3.h>

#include "store/canonical.hpp"

namespace bulkhead::store {
namespace {

using model::Event;
using model::NewEvent;
using model::Phase;
using model::Seq;

constexpr const char* kInsert =
    "INSERT INTO event(seq, at, mono, stream, ver, type, rev, phase, op, cause, root, actor, data,"
    " leaf) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
constexpr const char* kVersion =
    "SELECT COALESCE((SELECT MAX(ver) FROM event WHERE stream=?1),"
    " (SELECT ver FROM carried_stream WHERE stream=?1), 0)";
constexpr const char* kLast =
    "SELECT COALESCE((SELECT MAX(seq) FROM event),"
    " (SELECT value FROM meta WHERE key='first_seq') - 1)";

// The rules of a NewEvent that the schema would only refuse as "constraint failed".
Status check(const NewEvent& event, std::size_t index) {
  auto wrong = [&](const char* why) { return fail(Code::kInternal, event.type + ": " + why); };
  size_t slash = event.stream.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == event.stream.size())
    return wrong("an event's stream is kind/key");
  if (event.type.empty() || event.rev < 1) return wrong("an event has a type and a revision");
  if ((event.phase == Phase::kOutcome) != event.op.has_value())
    return wrong("an outcome names its operation, nothing else does");
  if (event.cause_index && *event.cause_index >= index)
    return wrong("a cause comes before its effect");
  return {};
}

void bind_text(SQLite::Statement& statement, int place, const std::string& text) {
  statement.bindNoCopy(place, text);  // lives until the statement has run
}

void bind_number(SQLite::Statement& statement, int place, const std::optional<Seq>& number) {
  if (number)
    statement.bind(place, int64_t(*number));
  else
    statement.bind(place);
}

}  // namespace

Inserter::Inserter(SQLite::Database& database)
    : database_(database),
      insert_(database, kInsert),
      version_(database, kVersion),
      root_(database, "SELECT root FROM event WHERE seq=?"),
      last_(scalar(database, kLast)) {}

int64_t Inserter::version_of(const std::string& stream) {
  version_.reset();
  version_.bindNoCopy(1, stream);
  version_.executeStep();
  int64_t version = version_.getColumn(0).getInt64();
  version_.reset();
  return version;
}

// A cause in an earlier segment isn't here: then it stands for its own chain.
Seq Inserter::root_of(Seq seq) {
  root_.reset();
  root_.bind(1, int64_t(seq));
  Seq root = root_.executeStep() ? root_.getColumn(0).getInt64() : seq;
  root_.reset();
  return root;
}

Result<Event> Inserter::complete(NewEvent&& from, const std::vector<Event>& batch, Times times) {
  if (auto good = check(from, batch.size()); !good) return fail(std::move(good.error()));
  Event event;
  event.seq = last_ + 1;
  event.at_us = times.wall_us;
  event.mono_us = times.mono_us;
  event.stream = std::move(from.stream);
  event.type = std::move(from.type);
  event.rev = from.rev;
  event.phase = from.phase;
  event.actor = std::move(from.actor);
  event.data = std::move(from.data);

  int64_t version = version_of(event.stream);
  if (from.expected_ver && *from.expected_ver != version)
    return fail(Code::kConflict,
                event.stream + " has changed: its version is " + std::to_string(version) +
                    ", not " + std::to_string(*from.expected_ver),
                "look at it again and repeat the request");
  event.ver = version + 1;

  event.op = event.phase == Phase::kIntent ? std::optional<Seq>(event.seq) : from.op;
  event.cause = from.cause_index ? std::optional<Seq>(batch[*from.cause_index].seq) : from.cause;
  if ((event.cause && *event.cause > last_) || (from.op && *from.op > last_))
    return fail(Code::kInternal, event.type + ": its cause or operation isn't in the journal");
  event.root = event.cause ? root_of(*event.cause) : from.op ? root_of(*from.op) : event.seq;
  return event;
}

Status Inserter::store(Event& event) {
  auto actor = canonical_text(event.actor);
  if (!actor) return fail(std::move(actor.error()).context(event.type));
  auto data = canonical_text(event.data);
  if (!data) return fail(std::move(data.error()).context(event.type));
  Leaf leaf = leaf_hash(event, *actor, *data);

  insert_.reset();
  insert_.bind(1, int64_t(event.seq));
  insert_.bind(2, event.at_us);
  insert_.bind(3, event.mono_us);
  bind_text(insert_, 4, event.stream);
  insert_.bind(5, event.ver);
  bind_text(insert_, 6, event.type);
  insert_.bind(7, event.rev);
  insert_.bind(8, int(event.phase));
  bind_number(insert_, 9, event.op);
  bind_number(insert_, 10, event.cause);
  insert_.bind(11, int64_t(event.root));
  bind_text(insert_, 12, *actor);
  bind_text(insert_, 13, *data);
  insert_.bindNoCopy(14, leaf.data(), int(leaf.size()));
  int result = insert_.tryExecuteStep();
  insert_.tryReset();
  if (result == SQLITE_DONE) {
    last_ = event.seq;
    bytes_ += int64_t(actor->size() + data->size());
    return {};
  }
  if ((result & 0xff) != SQLITE_CONSTRAINT) throw SQLite::Exception(database_.getHandle(), result);
  return fail(Code::kConflict, event.type + " of " + event.stream +
                                   " is refused by the journal: " + database_.getErrorMsg());
}

Result<std::vector<Event>> Inserter::insert(std::vector<NewEvent> events, Times times) {
  std::vector<Event> batch;
  batch.reserve(events.size());
  Seq before = last_;
  bool several = events.size() > 1;
  if (several) database_.exec("SAVEPOINT batch");
  for (NewEvent& from : events) {
    auto event = complete(std::move(from), batch, times);
    Status stored = event ? store(*event) : fail(std::move(event.error()));
    if (!stored) {
      if (several) database_.exec("ROLLBACK TO batch; RELEASE batch");
      last_ = before;
      return fail(std::move(stored.error()));
    }
    batch.push_back(std::move(*event));
  }
  if (several) database_.exec("RELEASE batch");
  return batch;
}

}  // namespace bulkhead::store
