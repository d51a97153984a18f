#include "model/volume_view.hpp"

#include <utility>

#include "model/read_json.hpp"
#include "model/time_text.hpp"
#include "model/volume_use.hpp"

namespace bulkhead::model {

Result<const VolumeState*> find_volume(const State& state, const std::string& name) {
  const VolumeState* volume = state.volume(name);
  if (volume && volume->exists()) return volume;
  return fail(Code::kNotFound, "volume not found: " + name,
              "`container volume list` shows those that exist");
}

Json volume_view(const VolumeState& volume, const Json& usage) {
  Json configuration = {{"name", volume.name},
                        {"driver", "local"},
                        {"format", volume.format},
                        {"source", volume.source},
                        {"creationDate", time_seconds(volume.created_at_us)},
                        {"labels", volume.labels},
                        {"options", volume.options}};
  if (volume.bytes) configuration["sizeInBytes"] = *volume.bytes;
  Json view = {{"id", volume.name}, {"configuration", std::move(configuration)}};
  for (const auto& [from, to] :
       {std::pair("volumes", "allocatedInBytes"), std::pair("volumeContents", "usedInBytes")})
    if (auto bytes = read_integer(member(usage, from), volume.name.c_str()))
      view["status"][to] = *bytes;
  return view;
}

Json volumes_view(const State& state) {
  Json list = Json::array();
  for (const auto& [name, volume] : state.volumes)
    if (volume.exists()) list.push_back(volume_view(volume, {}));
  return list;
}

Json volumes_usage(const State& state, const Json& usage) {
  int64_t total = 0, active = 0, bytes = 0, reclaimable = 0, used = 0;
  for (const auto& [name, volume] : state.volumes) {
    if (!volume.exists()) continue;
    const int64_t allocated = read_integer(member(usage, "volumes"), name.c_str()).value_or(0);
    const bool is_used = !users_of_volume(state, name).empty();
    ++total;
    bytes += allocated;
    used += read_integer(member(usage, "volumeContents"), name.c_str()).value_or(0);
    if (is_used) ++active;
    if (!is_used) reclaimable += allocated;
  }
  return {{"total", total},
          {"active", active},
          {"sizeInBytes", bytes},
          {"reclaimable", reclaimable},
          {"usedInBytes", used}};
}

}  // namespace bulkhead::model
