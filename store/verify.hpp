// Checks a journal against its own rules: density of seq and ver, each leaf against its row, every
// outcome against an open intent, causes and roots, the checkpoints' shape. Says what is wrong,
// changes nothing.
#pragma once

#include <string>
#include <vector>

#include "bulkhead/result.hpp"
#include "store/reader.hpp"

namespace bulkhead::store {

struct Verification {
  int64_t events = 0;
  std::vector<std::string> problems;  // sentences, at most 100
  bool ok() const { return problems.empty(); }
};

// From `after` on; 0 is the whole journal.
Result<Verification> verify(const Reader& reader, Seq after = 0);

}  // namespace bulkhead::store
