// What a Reader holds; for fold and verify, which walk the rows their own way.
#pragma once

#include <memory>
#include <string>

#include "store/database.hpp"
#include "store/reader.hpp"

namespace bulkhead::store {

struct Reader::Impl {
  std::unique_ptr<SQLite::Database> database;
  std::string uuid;
  Seq first = 1;
};

}  // namespace bulkhead::store
