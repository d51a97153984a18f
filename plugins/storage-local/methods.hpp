// storage/1 as sdk/schema/METHODS.md describes it: requests are read, operations called, results
// shaped. Nothing else knows the JSON of the boundary.
#pragma once

#include <span>
#include <string_view>

#include "bulkhead/json.hpp"
#include "bulkhead/unique_fd.hpp"
#include "store.hpp"
#include "task.hpp"

namespace bulkhead::storage {

struct Call {
  const Json& body;
  std::span<const UniqueFd> fds;
  const Task& task;
};

struct Method {
  const char* name;
  bool bulk;  // moves an archive: seconds rather than milliseconds
  Result<Json> (*run)(Store& store, const Call& call);
};

const Method* find_method(std::string_view name);

}  // namespace bulkhead::storage
