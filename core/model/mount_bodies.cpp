#include "model/mount_bodies.hpp"

#include <algorithm>
#include <charconv>

#include "bulkhead/size.hpp"
#include "model/read_json.hpp"
#include "model/volume_use.hpp"

namespace bulkhead::model {
namespace {

// The value of "size=1m"; "" without.
std::string option_of(const Json& mount, std::string_view key) {
  for (const std::string& option : read_texts(mount, "options"))
    if (option.starts_with(key)) return option.substr(key.size());
  return {};
}

int64_t depth(const Json& mount) {
  const std::string destination = read_text(mount, "destination");
  return std::count(destination.begin(), destination.end(), '/');
}

class Translator {
 public:
  Translator(const State& state, const MountSources& sources) : state_(state), sources_(sources) {}

  Status add(const Json& mount) {
    if (!member(member(mount, "type"), "tmpfs").is_null()) return add_tmpfs(mount);
    if (std::string name = volume_of(mount); !name.empty()) return add_volume(mount, name);
    return add_host_path(mount);
  }
  MountBodies take() {
    std::stable_sort(bodies_.mounts.begin(), bodies_.mounts.end(),
                     [](const Json& a, const Json& b) { return depth(a) < depth(b); });
    return std::move(bodies_);
  }

 private:
  Json guest_mount(const Json& mount, const char* type) {
    Json entry = {{"type", type}, {"destination", read_text(mount, "destination")}};
    if (is_read_only(mount)) entry["readOnly"] = true;
    return entry;
  }

  Status add_tmpfs(const Json& mount) {
    Json entry = guest_mount(mount, "tmpfs");
    if (auto bytes = parse_size(option_of(mount, "size="))) entry["sizeBytes"] = *bytes;
    const std::string text = option_of(mount, "mode=");
    unsigned mode = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), mode, 8).ec == std::errc())
      entry["mode"] = mode;
    bodies_.mounts.push_back(std::move(entry));
    return {};
  }

  Status add_volume(const Json& mount, const std::string& name) {
    const VolumeState* volume = state_.volume(name);
    if (!volume || volume->source.empty())
      return fail(Code::kNotFound, "volume not found: " + name);
    const bool read_only = is_read_only(mount);
    Json entry = guest_mount(mount, volume->shared() ? "share" : "disk");
    entry["source"] =
        volume->shared() ? share(volume->source, read_only) : disk(volume->source, read_only);
    if (!read_only) entry["copyUp"] = true;
    bodies_.mounts.push_back(std::move(entry));
    return {};
  }

  Status add_host_path(const Json& mount) {
    const std::string source = read_text(mount, "source");
    const auto found = sources_.find(source);
    if (found == sources_.end()) return fail(Code::kNotFound, "no such file: " + source);
    const MountSource& what = found->second;
    if (what.kind == MountSource::Kind::kSocket) {
      bodies_.sockets.push_back({{"direction", "to-host"},
                                 {"guest", read_text(mount, "destination")},
                                 {"host", what.path}});
      return {};
    }
    Json entry = guest_mount(mount, "share");
    entry["source"] = wants_notices(mount) ? watched_share(what.path, mount)
                                           : share(what.path, is_read_only(mount));
    if (what.kind == MountSource::Kind::kFile) entry["file"] = what.file;
    bodies_.mounts.push_back(std::move(entry));
    return {};
  }

  // The same thing is handed to the machine once, however often it is mounted.
  std::string once(Json& list, const char* key, const std::string& prefix, const std::string& path,
                   bool read_only) {
    for (const Json& other : list)
      if (read_text(other, "path") == path && read_flag(other, "readOnly") == read_only &&
          !read_flag(other, "notify"))
        return read_text(other, key);
    std::string name = prefix + std::to_string(list.size());
    Json entry = {{key, name}, {"path", path}};
    if (read_only) entry["readOnly"] = true;
    list.push_back(std::move(entry));
    return name;
  }
  std::string disk(const std::string& path, bool read_only) {
    return once(bodies_.disks, "serial", "volume", path, read_only);
  }
  std::string share(const std::string& path, bool read_only) {
    return once(bodies_.shares, "tag", "share", path, read_only);
  }
  // Always one of its own: notices name files as this mount does.
  std::string watched_share(const std::string& path, const Json& mount) {
    std::string tag = "share" + std::to_string(bodies_.shares.size());
    bodies_.shares.push_back({{"tag", tag},
                              {"path", path},
                              {"notify", true},
                              {"destination", read_text(mount, "destination")}});
    return tag;
  }

  const State& state_;
  const MountSources& sources_;
  MountBodies bodies_;
};

}  // namespace

Result<MountBodies> mount_bodies(const Json& configuration, const State& state,
                                 const MountSources& sources) {
  Translator translator(state, sources);
  for (const Json& mount : member(configuration, "mounts"))
    if (Status added = translator.add(mount); !added)
      return fail(
          std::move(added.error()).context("the mount at " + read_text(mount, "destination")));
  return translator.take();
}

void put_sockets(const Json& sockets, Json& machine, Json& guest) {
  for (const Json& socket : sockets) {
    const std::size_t id = member(machine, "sockets").size();  // a null has none
    machine["sockets"].push_back(socket);
    guest["sockets"].push_back({{"direction", read_text(socket, "direction")},
                                {"guest", read_text(socket, "guest")},
                                {"id", id}});
  }
}

void put_mounts(const MountBodies& bodies, Json& machine, Json& guest) {
  if (!bodies.disks.empty()) machine["disks"] = bodies.disks;
  if (!bodies.shares.empty()) machine["shares"] = bodies.shares;
  if (!bodies.mounts.empty()) guest["mounts"] = bodies.mounts;
  put_sockets(bodies.sockets, machine, guest);
}

}  // namespace bulkhead::model
