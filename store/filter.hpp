// Which events a reader wants (docs/reference/api.md, GET /v1/events). The same filter works on
// stored rows and on live events, so that the hand-over from page to tail can't lose or repeat one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/event.hpp"

namespace bulkhead::store {

struct Filter {
  std::string stream;  // GLOB as SQLite has it; "" = any
  std::string type;    // GLOB; "" = any
  std::optional<model::Phase> phase;
  std::optional<int64_t> uid;  // of the actor
  std::optional<model::Seq> root;
  std::optional<int64_t> since_us;  // at >= since
  std::optional<int64_t> until_us;  // at <= until
  std::optional<model::Seq> until_seq;

  bool matches(const model::Event& event) const;
  // The two halves of matches(): the second needs the actor's JSON, which costs more than all of
  // the first.
  bool matches_envelope(const model::Event& event) const;
  bool matches_actor(const model::Json& actor) const;
  // Nothing after this event can match any more: a follower may end.
  bool past(const model::Event& event) const;
};

}  // namespace bulkhead::store
