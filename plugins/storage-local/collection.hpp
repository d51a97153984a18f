// What is kept, what it costs, and what may go. Collection marks from what the service says is
// alive, plus what running operations have pinned, and sweeps the rest; it is the only code that
// removes content.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bulkhead/json.hpp"
#include "store.hpp"

namespace bulkhead::storage {

struct Alive {
  std::set<Digest> images;  // descriptors' digests
  std::vector<std::pair<std::string, Digest>> references;
  std::set<std::string> containers;
  std::optional<std::set<std::string>> volumes = std::nullopt;  // none: all of them stay
  bool incoming = true;  // what pulls have received, running ones and those that ended early
};

Result<Json> collect(Store& store, const Alive& alive, bool dry_run);
Result<Json> measure_usage(const Store& store);
Result<Json> list_all(const Store& store);

}  // namespace bulkhead::storage
