// storage/1 as sdk/schema/METHODS.md describes it: requests are read, operations called, results
// shaped. Nothing else knows the JSON of the boundary.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "bulkhead/json.hpp"
#include "bulkhead/unique_fd.hpp"
#include "store.hpp"
#include "task.hpp"

namespace bulkhead::storage {

struct Call {
  const Json& body;
  std::span<const UniqueFd> fds;
  const Task& task;
  std::vector<UniqueFd>& answer_fds;  // go with the result
};

// Where a method runs.
enum class Place {
  kQuick,  // milliseconds: one after the other
  kBulk,   // moves an archive: one after the other too, beside the quick ones
  kOwn,    // waits for a network, or must not wait for an archive: on a thread of its own
};

struct Method {
  const char* name;
  Place place;
  Result<Json> (*run)(Store& store, const Call& call);
};

const Method* find_method(std::string_view name);

}  // namespace bulkhead::storage
