// The rows of state.db: writing a batch of changed parts in one transaction with the cursor, and
// reading them all back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bulkhead/result.hpp"
#include "model/state.hpp"
#include "store/database.hpp"

namespace bulkhead::store {

// What one flush changes. Made on the loop's thread, written on another: it holds texts, not
// references into the state.
struct StateBatch {
  bool whole = false;  // drop all rows first
  model::Seq seq = 0;
  bool images_changed = false;
  // Absent text: the row goes.
  std::vector<std::pair<std::string, std::optional<std::string>>> containers;
  std::vector<std::pair<std::string, std::string>> images;  // all of them, by reference or digest
  std::vector<std::pair<std::string, std::optional<std::string>>> properties;
  std::vector<std::pair<std::string, model::Seq>> requests;
  model::Seq oldest_request = 0;  // older ones go
  std::string rest;
};

// Creates the tables, or drops and creates them if the cursor is of another journal or revision.
Status prepare_state_rows(SQLite::Database& database, const std::string& journal);
Status write_state_rows(SQLite::Database& database, const StateBatch& batch);
Result<model::State> read_state_rows(SQLite::Database& database);

}  // namespace bulkhead::store
