#include "model/volume_use.hpp"

#include <algorithm>

#include "model/read_json.hpp"

namespace bulkhead::model {
namespace {

struct Use {
  std::string volume;
  bool writes;
};

std::vector<Use> uses_of(const Json& configuration) {
  std::vector<Use> uses;
  for (const Json& mount : member(configuration, "mounts"))
    if (std::string name = volume_of(mount); !name.empty())
      uses.push_back({std::move(name), !is_read_only(mount)});
  return uses;
}

bool is_shared(const State& state, const std::string& name) {
  const VolumeState* volume = state.volume(name);
  return volume && volume->shared();
}

}  // namespace

std::string volume_of(const Json& mount) {
  return read_text(member(member(mount, "type"), "volume"), "name");
}

namespace {

bool has_option(const Json& mount, std::string_view option) {
  const auto options = read_texts(mount, "options");
  return std::find(options.begin(), options.end(), option) != options.end();
}

}  // namespace

bool is_read_only(const Json& mount) {
  return has_option(mount, "ro");
}

bool wants_notices(const Json& mount) {
  return has_option(mount, "notify");
}

std::vector<std::string> users_of_volume(const State& state, const std::string& name,
                                         const std::string& except) {
  std::vector<std::string> users;
  for (const auto& [id, container] : state.containers) {
    if (id == except) continue;
    const auto uses = uses_of(container.configuration);
    if (std::any_of(uses.begin(), uses.end(), [&](const Use& use) { return use.volume == name; }))
      users.push_back(id);
  }
  return users;
}

std::vector<std::string> sharers_of_volumes(const State& state, const ContainerState& container) {
  std::vector<std::string> sharers;
  for (const Use& use : uses_of(container.configuration)) {
    if (is_shared(state, use.volume)) continue;
    for (std::string& id : users_of_volume(state, use.volume, container.id))
      if (std::find(sharers.begin(), sharers.end(), id) == sharers.end())
        sharers.push_back(std::move(id));
  }
  return sharers;
}

Status check_volumes_stay(const State& state, const Json& configuration) {
  for (const Use& use : uses_of(configuration)) {
    const VolumeState* volume = state.volume(use.volume);
    if (volume && volume->delete_op != 0)
      return fail(Code::kConflict, "volume " + use.volume + " is being deleted",
                  "try again when it is gone: it is made anew then");
  }
  return {};
}

Status check_volumes_free(const State& state, const ContainerState& container) {
  for (const Use& use : uses_of(container.configuration)) {
    const VolumeState* volume = state.volume(use.volume);
    if (!volume || !volume->exists() || volume->delete_op != 0)
      return fail(Code::kNotFound, "volume not found: " + use.volume,
                  "`container volume create " + use.volume + "` makes an empty one");
    if (volume->shared()) continue;
    for (const std::string& id : users_of_volume(state, use.volume, container.id)) {
      const ContainerState& other = state.containers.at(id);
      if (!other.up()) continue;
      for (const Use& theirs : uses_of(other.configuration))
        if (theirs.volume == use.volume && (use.writes || theirs.writes))
          return fail(Code::kConflict,
                      "volume " + use.volume + " is in use by running container " + id,
                      "stop that one first, mount the volume read-only in both, or make a volume "
                      "for many with `container volume create --opt shared=true`");
    }
  }
  return {};
}

std::vector<std::string> own_anonymous_volumes(const State& state,
                                               const ContainerState& container) {
  std::vector<std::string> names;
  for (const auto& [name, volume] : state.volumes)
    if (volume.anonymous() && volume.made_by == container.created_seq && volume.exists() &&
        volume.delete_op == 0 && users_of_volume(state, name, container.id).empty())
      names.push_back(name);
  return names;
}

}  // namespace bulkhead::model
