#include "store/filter.hpp"

#include <sqlite3.h>

namespace bulkhead::store {
namespace {

// SQLite's own GLOB, the one that the stored rows are filtered with.
bool glob(const std::string& pattern, const std::string& text) {
  return pattern.empty() || sqlite3_strglob(pattern.c_str(), text.c_str()) == 0;
}

}  // namespace

bool Filter::matches_envelope(const model::Event& event) const {
  if (phase && event.phase != *phase) return false;
  if (root && event.root != *root) return false;
  if (since_us && event.at_us < *since_us) return false;
  if (until_us && event.at_us > *until_us) return false;
  if (until_seq && event.seq > *until_seq) return false;
  return glob(type, event.type) && glob(stream, event.stream);
}

bool Filter::matches_actor(const model::Json& actor) const {
  if (!uid) return true;
  if (!actor.is_object()) return false;
  auto found = actor.find("uid");
  return found != actor.end() && found->is_number_integer() && *found == *uid;
}

bool Filter::matches(const model::Event& event) const {
  return matches_envelope(event) && matches_actor(event.actor);
}

bool Filter::past(const model::Event& event) const {
  return (until_seq && event.seq >= *until_seq) || (until_us && event.at_us > *until_us);
}

}  // namespace bulkhead::store
