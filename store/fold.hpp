// State from the journal: evolve() over the rows after State::seq. From an empty state it is time
// travel (any list or inspect as of a seq or a time) and the rebuild of every projection; from a
// projection it is the tail at start.
#pragma once

#include <optional>

#include "bulkhead/result.hpp"
#include "model/state.hpp"
#include "store/reader.hpp"

namespace bulkhead::store {

struct Until {
  std::optional<Seq> seq;        // inclusive
  std::optional<int64_t> at_us;  // inclusive
};

Status fold(const Reader& reader, model::State& state, const Until& until = {});

// "?at=": a seq ("4711"), a cursor ("<journal>:4711") or an RFC 3339 time.
Result<Until> parse_until(const Reader& reader, std::string_view text);

}  // namespace bulkhead::store
