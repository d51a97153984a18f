// What happened to a volume.
#include "model/aggregates.hpp"
#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

Json object_in(const Json& data, const char* key) {
  const Json& value = member(data, key);
  return value.is_object() ? value : Json::object();
}

void create(State& state, const Event& event) {
  VolumeState volume;
  volume.name = event.key();
  volume.format = read_text(event.data, "format", "ext4");
  volume.labels = object_in(event.data, "labels");
  volume.options = object_in(event.data, "options");
  volume.bytes = read_integer(event.data, "sizeInBytes");
  volume.created_seq = event.seq;
  volume.created_at_us = event.at_us;
  volume.create_op = event.seq;
  if (event.data.contains("container")) volume.made_by = event.cause.value_or(0);
  // A second one of a name that lives is not something decide makes; history keeps the first.
  state.volumes.emplace(volume.name, std::move(volume));
}

void end(State& state, VolumeState& volume, const Event& event) {
  const bool ok = read_flag(event.data, "ok");
  if (event.type == "volume.create" && event.op == volume.create_op) {
    if (!ok) return void(state.volumes.erase(volume.name));
    volume.create_op = 0;
    volume.source = read_text(event.data, "path");
  }
  if (event.type == "volume.delete" && event.op == volume.delete_op) {
    volume.delete_op = 0;
    if (ok) state.volumes.erase(volume.name);  // the reference ends here
  }
}

}  // namespace

void evolve_volume(State& state, const Event& event) {
  if (event.is("volume.create", Phase::kIntent)) return create(state, event);
  auto found = state.volumes.find(event.key());
  if (found == state.volumes.end()) return;
  if (event.is("volume.delete", Phase::kIntent)) found->second.delete_op = event.seq;
  if (event.phase == Phase::kOutcome) end(state, found->second, event);
}

}  // namespace bulkhead::model
