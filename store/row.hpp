// A row of `event` as an Event. Every SELECT that feeds it begins with kColumns.
#pragma once

#include <string_view>

#include "bulkhead/result.hpp"
#include "model/event.hpp"
#include "store/database.hpp"

namespace bulkhead::store {

inline constexpr const char* kColumns =
    "seq, at, mono, stream, ver, type, rev, phase, op, cause, root, actor, data, leaf";

// The envelope without the JSON texts: enough for most filters.
model::Event read_envelope(SQLite::Statement& row);
// actor and data as they stand in the file; valid until the next step.
std::string_view actor_text(SQLite::Statement& row);
std::string_view data_text(SQLite::Statement& row);
// The whole event; kCorrupt if a text is not a JSON object.
Result<model::Event> read_event(SQLite::Statement& row);
Status read_bodies(SQLite::Statement& row, model::Event& event);
Status read_data(SQLite::Statement& row, model::Event& event);  // without the actor

}  // namespace bulkhead::store
