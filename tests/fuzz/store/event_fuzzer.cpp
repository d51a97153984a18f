// Histories that no decision would make: a JSON array of events with any types in any order.
// evolve() must take all of them, every view of the result must work, and the snapshot must read
// back as the same state.
#include <cstdlib>

#include "bulkhead/json.hpp"
#include "model/container_decide.hpp"
#include "model/evolve.hpp"
#include "model/image_decide.hpp"
#include "model/mount_bodies.hpp"
#include "model/read_json.hpp"
#include "model/snapshot.hpp"
#include "model/views.hpp"
#include "model/volume_decide.hpp"
#include "model/volume_use.hpp"
#include "model/volume_view.hpp"
#include "store/canonical.hpp"

using namespace bulkhead;
using namespace bulkhead::model;

namespace {

Event event_from(const Json& json, Seq seq) {
  Event event;
  event.seq = seq;
  event.at_us = read_integer(json, "at").value_or(seq);
  event.stream = read_text(json, "stream", "container/web");
  event.type = read_text(json, "type");
  event.rev = read_small(json, "rev").value_or(1);
  event.phase = Phase(uint64_t(read_integer(json, "phase").value_or(0)) % 3);
  event.op = read_integer(json, "op");
  event.data = member(json, "data");
  return event;
}

void must(bool truth) {
  if (!truth) std::abort();
}

void look_at(const State& state) {
  containers_view(state, true);
  images_view(state);
  gc_roots(state);
  prunable_containers(state);
  for (const auto& [id, container] : state.containers) {
    if (id.empty()) continue;
    auto again = container_from_snapshot(Json::parse(dump_json(container_snapshot(container))));
    must(again && container_view(state, *again) == container_view(state, container));
  }
  volumes_view(state);
  volumes_usage(state, {});
  prunable_volumes(state);
  for (const auto& [id, container] : state.containers) {
    own_anonymous_volumes(state, container);
    sharers_of_volumes(state, container);
    (void)check_volumes_free(state, container);
    (void)mount_bodies(container.configuration, state, {});
  }
  State rest;
  must(rest_from_snapshot(rest, rest_snapshot(state)));
  for (const auto& [name, volume] : rest.volumes) must(volume == state.volumes.at(name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto events = parse_json({reinterpret_cast<const char*>(data), size});
  if (!events || !events->is_array()) return 0;
  State state;
  for (const Json& json : *events) {
    Event event = event_from(json, state.seq + 1);
    evolve(state, event);
    event_view(event);
    Json body = event.data;
    if (auto text = store::canonical_text(body)) must(Json::parse(*text) == body);
  }
  look_at(state);
  return 0;
}
