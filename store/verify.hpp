// Checks a journal against its own rules: density of seq and ver, each leaf against its row, every
// outcome against an open intent, causes and roots, the checkpoints' shape. Says what is wrong,
// changes nothing.
//
// What it detects are accidents: a damaged page, a row that a tool has changed or taken away. Who
// can write the file can also compute the leaf of a changed row; that is evident only with a signed
// checkpoint from before, and this version makes none.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "store/reader.hpp"

namespace bulkhead::store {

struct Verification {
  int64_t events = 0;
  std::vector<std::string> problems;  // sentences, at most 100
  // Intents without an outcome, at most 100: in a service that runs those under way, otherwise what
  // the next recovery will ask after. No problem.
  std::vector<Seq> open;
  bool ok() const { return problems.empty(); }
};

// From `after` on; 0 is the whole journal.
Result<Verification> verify(const Reader& reader, Seq after = 0);

}  // namespace bulkhead::store
