#include "model/mounts.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "bulkhead/printable.hpp"
#include "bulkhead/size.hpp"
#include "model/read_json.hpp"
#include "model/volume_decide.hpp"
#include "model/volume_use.hpp"

namespace bulkhead::model {
namespace {

enum class Kind : uint8_t { kFolder, kTmpfs, kVolume };

Result<Kind> kind_of(const Json& mount) {
  const std::string type = read_text(mount, "type", "virtiofs");
  if (type == "virtiofs" || type == "bind") return Kind::kFolder;
  if (type == "tmpfs") return Kind::kTmpfs;
  if (type == "volume") return Kind::kVolume;
  return fail(Code::kInvalid, in_quotes(type) + " is no type of mount",
              "choose virtiofs, bind, tmpfs or volume");
}

// Without a slash at the end and without "." and "..", which must not lead out of where they seem
// to be.
Result<std::string> destination_of(const Json& mount) {
  const std::string given = read_text(mount, "destination");
  std::string path = std::filesystem::path(given).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (given.starts_with('/') && path != "/" && path.find('\0') == std::string::npos) return path;
  return fail(Code::kInvalid, in_quotes(given) + " is no place for a mount",
              "give an absolute path inside the container, other than /");
}

bool is_file_mode(std::string_view text) {
  unsigned mode = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  return error == std::errc() && end == text.data() + text.size() && mode <= 07777;
}

// Watchers inside hear of a change because their side gives the file a new time.
Status check_notify(const Json& options, Kind kind) {
  const auto has = [&](const char* option) {
    return std::find(options.begin(), options.end(), option) != options.end();
  };
  if (!has("notify")) return {};
  if (kind != Kind::kFolder) return fail(Code::kInvalid, "notify is for folders of this host only");
  if (has("ro"))
    return fail(Code::kInvalid, "notify sets the times of files, which a read-only mount forbids",
                "leave out one of notify and ro");
  return {};
}

// "ro" is for all, "notify" for host folders; sizes and modes only for what is made anew.
Result<Json> options_of(const Json& mount, Kind kind) {
  Json kept = Json::array();
  for (const std::string& option : read_texts(mount, "options")) {
    const bool is_tmpfs = kind == Kind::kTmpfs;
    const bool good = option == "ro" || option == "rw" || option == "notify" ||
                      (is_tmpfs && option.starts_with("size=") &&
                       parse_size(std::string_view(option).substr(5))) ||
                      (is_tmpfs && option.starts_with("mode=") &&
                       is_file_mode(std::string_view(option).substr(5)));
    if (!good)
      return fail(
          Code::kInvalid,
          in_quotes(option) + " is no option of a " + (is_tmpfs ? "tmpfs" : "mount"),
          is_tmpfs ? "it has ro, size= and mode=" : "it has ro and, of a host folder, notify");
    if (option != "rw" && std::find(kept.begin(), kept.end(), option) == kept.end())
      kept.push_back(option);
  }
  if (Status good = check_notify(kept, kind); !good) return fail(std::move(good.error()));
  return kept;
}

class Builder {
 public:
  Builder(const State& state, const MountsInput& input) : state_(state), input_(input) {}

  Result<Mounts> build() {
    const Json& tmpfs = member(input_.request, "tmpfs");
    if (tmpfs.is_array())
      for (const Json& mount : tmpfs)
        if (Status added = add(mount, Kind::kTmpfs); !added) return fail(std::move(added.error()));
    const Json& mounts = member(input_.request, "mounts");
    if (mounts.is_array())
      for (const Json& mount : mounts) {
        auto kind = kind_of(mount);
        if (!kind) return fail(std::move(kind.error()));
        if (Status added = add(mount, *kind); !added) return fail(std::move(added.error()));
      }
    if (Status added = add_image_volumes(); !added) return fail(std::move(added.error()));
    return std::move(result_);
  }

 private:
  Status add(const Json& mount, Kind kind) {
    auto destination = destination_of(mount);
    if (!destination) return fail(std::move(destination.error()));
    auto options = options_of(mount, kind);
    if (!options) return fail(std::move(options.error()).context("the mount at " + *destination));
    if (!taken_.insert(*destination).second)
      return fail(Code::kInvalid, "two mounts have the destination " + *destination);
    Json entry = {{"destination", *destination}, {"options", std::move(*options)}};
    if (Status put = put_source(entry, mount, kind); !put)
      return fail(std::move(put.error()).context("the mount at " + *destination));
    result_.list.push_back(std::move(entry));
    return {};
  }

  Status put_source(Json& entry, const Json& mount, Kind kind) {
    const std::string source = read_text(mount, "source");
    switch (kind) {
      case Kind::kTmpfs:
        entry["type"] = {{"tmpfs", Json::object()}};
        entry["source"] = "tmpfs";
        return {};
      case Kind::kFolder:
        if (!source.starts_with('/') || source.find('\0') != std::string::npos)
          return fail(Code::kInvalid, in_quotes(source) + " is not an absolute path of this host");
        entry["type"] = {{"virtiofs", Json::object()}};
        entry["source"] = source;
        return {};
      default:
        return put_volume(entry, source);
    }
  }

  Status put_volume(Json& entry, const std::string& given) {
    const std::string name = given.empty() ? input_.fresh_name() : given;
    if (Status good = check_volume_name(name); !good) return good;
    const VolumeState* volume = state_.volume(name);
    if (!volume) want(name, given.empty());
    entry["type"] = {{"volume",
                      {{"name", name},
                       {"format", volume ? volume->format : "ext4"},
                       {"cache", {{"on", Json::object()}}},
                       {"sync", {{"fsync", Json::object()}}}}}};
    entry["source"] = volume && volume->exists() ? volume->source : name;
    return check_same_use(name, entry);
  }

  // One file system can't be both at once.
  Status check_same_use(const std::string& name, const Json& entry) {
    for (const Json& other : result_.list)
      if (volume_of(other) == name && is_read_only(other) != is_read_only(entry))
        return fail(Code::kInvalid,
                    "volume " + name + " is mounted read-only at one place and not at another");
    return {};
  }

  void want(const std::string& name, bool anonymous) {
    for (const Json& missing : result_.missing)
      if (read_text(missing, "name") == name) return;
    Json volume = {{"name", name}};
    if (anonymous) volume["anonymous"] = true;
    result_.missing.push_back(std::move(volume));
  }

  Status add_image_volumes() {
    if (!input_.image_volumes.is_object()) return {};
    for (const auto& [path, nothing] : input_.image_volumes.items()) {
      const Json mount = {{"destination", path}};
      auto destination = destination_of(mount);
      // Whoever made the image isn't here to mend it.
      if (!destination || taken_.contains(*destination)) continue;
      if (Status added = add(mount, Kind::kVolume); !added) return added;
    }
    return {};
  }

  const State& state_;
  const MountsInput& input_;
  std::set<std::string> taken_;
  Mounts result_;
};

}  // namespace

Result<Mounts> build_mounts(const State& state, const MountsInput& input) {
  return Builder(state, input).build();
}

void put_volume_sources(Json& configuration, const Json& sources) {
  if (!configuration.is_object() || !member(configuration, "mounts").is_array()) return;
  for (Json& mount : configuration["mounts"]) {
    const std::string name = volume_of(mount);
    if (std::string path = read_text(sources, name.c_str()); !name.empty() && !path.empty())
      mount["source"] = std::move(path);
  }
}

}  // namespace bulkhead::model
