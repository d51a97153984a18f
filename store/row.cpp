#include "store/row.hpp"

#include <sqlite3.h>

namespace bulkhead::store {
namespace {

std::string_view text(SQLite::Statement& row, int column) {
  SQLite::Column value = row.getColumn(column);
  const char* begin = value.getText("");  // before getBytes: the conversion may move the bytes
  return {begin, size_t(value.getBytes())};
}

std::optional<model::Seq> optional_number(SQLite::Statement& row, int column) {
  SQLite::Column value = row.getColumn(column);
  if (value.isNull()) return std::nullopt;
  return value.getInt64();
}

// By value of what the row says, also if it is no phase: verify() reports it, nobody indexes with
// it.
model::Phase phase(int64_t number) {
  return number == 1   ? model::Phase::kIntent
         : number == 2 ? model::Phase::kOutcome
                       : model::Phase::kFact;
}

Failure not_json(const model::Event& event) {
  return fail(Code::kCorrupt, "event " + std::to_string(event.seq) + " of the journal is not JSON",
              "restore the journal from a backup; GET /v1/journal/verify lists what is damaged");
}

}  // namespace

model::Event read_envelope(SQLite::Statement& row) {
  model::Event event;
  event.seq = row.getColumn(0).getInt64();
  event.at_us = row.getColumn(1).getInt64();
  event.mono_us = row.getColumn(2).getInt64();
  event.stream = text(row, 3);
  event.ver = row.getColumn(4).getInt64();
  event.type = text(row, 5);
  event.rev = row.getColumn(6).getInt();
  event.phase = phase(row.getColumn(7).getInt64());
  event.op = optional_number(row, 8);
  event.cause = optional_number(row, 9);
  event.root = row.getColumn(10).getInt64();
  return event;
}

std::string_view actor_text(SQLite::Statement& row) {
  return text(row, 11);
}
std::string_view data_text(SQLite::Statement& row) {
  return text(row, 12);
}

Status read_data(SQLite::Statement& row, model::Event& event) {
  event.data = model::Json::parse(data_text(row), nullptr, false);
  if (event.data.is_object()) return {};
  return not_json(event);
}

Status read_bodies(SQLite::Statement& row, model::Event& event) {
  event.actor = model::Json::parse(actor_text(row), nullptr, false);
  if (!event.actor.is_object()) return not_json(event);
  return read_data(row, event);
}

Result<model::Event> read_event(SQLite::Statement& row) {
  model::Event event = read_envelope(row);
  if (auto good = read_bodies(row, event); !good) return fail(std::move(good.error()));
  return event;
}

}  // namespace bulkhead::store
