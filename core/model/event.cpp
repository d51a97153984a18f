#include "model/event.hpp"

#include "model/time_text.hpp"

namespace bulkhead::model {

std::string_view phase_name(Phase phase) {
  switch (phase) {
    case Phase::kFact:
      return "fact";
    case Phase::kIntent:
      return "intent";
    case Phase::kOutcome:
      return "outcome";
  }
  return "fact";
}

std::optional<Phase> phase_from_name(std::string_view name) {
  for (Phase phase : {Phase::kFact, Phase::kIntent, Phase::kOutcome})
    if (phase_name(phase) == name) return phase;
  return std::nullopt;
}

std::string stream_name(std::string_view kind, std::string_view key) {
  std::string name(kind);
  name += '/';
  name += key;
  return name;
}

Json event_view(const Event& event) {
  Json view = {{"seq", event.seq},
               {"at", time_micros(event.at_us)},
               {"stream", event.stream},
               {"ver", event.ver},
               {"type", event.type},
               {"rev", event.rev},
               {"phase", phase_name(event.phase)},
               {"root", event.root},
               {"actor", event.actor},
               {"data", event.data}};
  if (event.op) view["op"] = *event.op;
  if (event.cause) view["cause"] = *event.cause;
  return view;
}

}  // namespace bulkhead::model
