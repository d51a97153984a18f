// The parts of evolve(), one per kind of stream. Each sees only events of its streams, of revisions
// this build knows.
#pragma once

#include "model/event.hpp"
#include "model/state.hpp"

namespace bulkhead::model {

void evolve_container(State& state, const Event& event);
void evolve_image(State& state, const Event& event);
void evolve_volume(State& state, const Event& event);
void evolve_property(State& state, const Event& event);
void evolve_network(State& state, const Event& event);
void evolve_dns(State& state, const Event& event);
void evolve_kernel(State& state, const Event& event);  // needs the open intent: before it is closed
void evolve_plugin(State& state, const Event& event);
void evolve_daemon(State& state, const Event& event);  // daemon/main, journal/main, accelerator/kvm

}  // namespace bulkhead::model
