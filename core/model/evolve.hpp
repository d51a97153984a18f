// evolve(state, event): the one way in which state changes. Total and pure: any event, however
// malformed its data, leaves a valid state and never throws, because a journal that can't be folded
// would be a daemon that can't start.
//
// An unknown type changes nothing but the position; it stays readable in the journal. A known type
// with a newer schema revision stops the fold of its stream (State::stalled says why), because
// half-understood history is worse than none.
#pragma once

#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

void evolve(State& state, const Event& event);

// The newest schema revision of a type that this build understands; 0 for unknown types.
int known_revision(std::string_view type);

// What an event may have changed, for projections that write only that. The rest of the state is
// small.
struct Touched {
  std::string container;  // id, or ""
  std::string property;   // key, or ""
  bool image =
      false;  // one name's move may touch two images: compare those with the event's digests
};
Touched touched_by(const Event& event);

}  // namespace bulkhead::model
