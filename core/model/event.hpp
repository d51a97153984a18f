// An event: one row of the journal, the only form in which anything happens
// (docs/reference/events.md).
//
// An Event is committed and therefore complete. A NewEvent is what a decision asks for; sequence
// number, version, root and times are the journal's to give, because only the one writer knows
// them. An operation's id is the seq of its intent, so nothing here needs a random identifier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bulkhead::model {

using Json = nlohmann::json;
using Seq = int64_t;  // SQLite's integer; dense from the journal's first_seq

enum class Phase : uint8_t {
  kFact = 0,     // happened; nobody is waiting for anything
  kIntent = 1,   // will be attempted; committed before the first side effect
  kOutcome = 2,  // how the intent `op` ended; exactly one per intent
};

std::string_view phase_name(Phase phase);  // "fact", "intent", "outcome"
std::optional<Phase> phase_from_name(std::string_view name);

struct Event {
  Seq seq = 0;
  int64_t at_us = 0;    // wall clock, UTC
  int64_t mono_us = 0;  // since the last daemon.started: orders what the wall clock may not
  std::string stream;   // "container/web"
  int64_t ver = 0;      // 1, 2, 3 ... within the stream
  std::string type;     // "container.start"
  int rev = 1;          // of the type's schema
  Phase phase = Phase::kFact;
  std::optional<Seq> op;     // intents: == seq; outcomes: the intent's seq
  std::optional<Seq> cause;  // the event that led to this one
  Seq root = 0;  // the first event of the chain of causes; == seq for what a user asked for
  Json actor = Json::object();
  Json data = Json::object();

  bool is(std::string_view wanted, Phase in) const { return phase == in && type == wanted; }
  // The key of the stream: "web" of "container/web".
  std::string_view key() const { return std::string_view(stream).substr(stream.find('/') + 1); }
};

struct NewEvent {
  std::string stream;
  std::string type;
  Phase phase = Phase::kFact;
  std::optional<Seq> op;  // outcomes only; an intent's op is given with its seq
  std::optional<Seq> cause;
  // An earlier event of the same append, by its index: its seq isn't known yet. Wins over `cause`.
  std::optional<std::size_t> cause_index;
  // The stream's version that the decision has seen; another one makes the whole append fail with
  // kConflict (If-Match).
  std::optional<int64_t> expected_ver;
  Json actor = Json::object();
  Json data = Json::object();
  int rev = 1;
};

// Who asks, and what led to it. Travels through every decision into the events it makes.
struct Origin {
  Json actor = {{"kind", "daemon"}};
  std::optional<Seq> cause;
  std::string idempotency_key;  // recorded in the intent's data; "" if there is none
  std::string request = {};     // digest of what the key was used for, recorded in its actor
};

// The events that a command leads to. Empty: it is so already, and the answer is success.
using Decision = std::vector<NewEvent>;

// The stream's name from its kind and key: "container/web".
std::string stream_name(std::string_view kind, std::string_view key);

// The Event of docs/reference/api.md.
Json event_view(const Event& event);

}  // namespace bulkhead::model
