#include "options/mount.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "command/table.hpp"
#include "options/host_path.hpp"
#include "options/number.hpp"

namespace bulkhead::cli {

namespace {

Status check_destination(std::string_view path, std::string_view option) {
  if (path.empty()) return usage(std::string(option) + " names no destination");
  if (path.front() != '/') {
    return usage(std::string(option) + ": destination '" + std::string(path) +
                 "' is not an absolute path");
  }
  return {};
}

Result<MountType> parse_type(std::string_view value) {
  if (value == "virtiofs" || value == "bind") return MountType::kVirtiofs;
  if (value == "tmpfs") return MountType::kTmpfs;
  if (value == "volume") return MountType::kVolume;
  return usage("--mount: unknown type '" + std::string(value) +
               "': choose one of virtiofs, bind, tmpfs, volume");
}

Status make_absolute(Mount& mount, std::string_view option) {
  auto path = parse_host_path(mount.source, option);
  if (!path) return fail(std::move(path.error()));
  mount.source = std::move(*path);
  return {};
}

bool is_octal_mode(std::string_view text) {
  return !text.empty() && text.size() <= 4 &&
         text.find_first_not_of("01234567") == std::string_view::npos;
}

// One key=value, or a bare key.
struct Item {
  std::string_view key;
  std::string_view value;
  bool has_value = false;
};

// What both options know; `option` begins the sentence of a failure.
Status apply(Mount& mount, const Item& item, const std::string& option) {
  const auto& [key, value, has_value] = item;
  if (key == "readonly" || key == "ro") {
    if (!has_value || value == "true" || value == "1") mount.options.emplace_back("ro");
  } else if (key == "size") {
    const auto size = parse_size_option(value, option);
    if (!size) return fail(size.error());
    mount.options.push_back("size=" + std::to_string(*size));
  } else if (key == "mode") {
    if (!is_octal_mode(value)) {
      return usage(option + ": mode '" + std::string(value) + "' is not an octal file mode");
    }
    mount.options.push_back("mode=" + std::string(value));
  } else {
    return usage(option + ": unknown key '" + std::string(key) + "'");
  }
  return {};
}

// What only --mount knows, and the rest.
Status apply_to_mount(Mount& mount, const Item& item) {
  if (item.key == "type") {
    auto type = parse_type(item.value);
    if (!type) return fail(std::move(type.error()));
    mount.type = *type;
  } else if (item.key == "source" || item.key == "src") {
    mount.source = item.value;
  } else if (item.key == "target" || item.key == "destination" || item.key == "dst") {
    mount.destination = item.value;
  } else if (item.key == "notify") {
    if (!item.has_value || item.value == "true" || item.value == "1")
      mount.options.emplace_back("notify");
  } else {
    return apply(mount, item, "--mount");
  }
  return {};
}

bool has(const Mount& mount, std::string_view option) {
  return std::find(mount.options.begin(), mount.options.end(), option) != mount.options.end();
}

// Watchers inside hear of a change because their side gives the file a new time.
Status check_notify(const Mount& mount, const std::string& option) {
  if (!has(mount, "notify")) return {};
  if (mount.type != MountType::kVirtiofs)
    return usage(option + ": notify belongs to folders of this host only");
  if (has(mount, "ro"))
    return usage(option + ": notify needs a mount that is not read-only, because it sets the " +
                 "times of files");
  return {};
}

// Calls `each` for the items of "a=1,b,c=2".
template <class Each>
Status for_each_item(std::string_view rest, const Each& each) {
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    const size_t equals = item.find('=');
    const bool has_value = equals != std::string_view::npos;
    const std::string_view value = has_value ? item.substr(equals + 1) : std::string_view{};
    if (auto ok = each(Item{item.substr(0, equals), value, has_value}); !ok) return ok;
  }
  return {};
}

}  // namespace

Result<Mount> parse_mount(std::string_view text) {
  Mount mount;
  const auto applied =
      for_each_item(text, [&](const Item& item) { return apply_to_mount(mount, item); });
  if (!applied) return fail(applied.error());
  if (auto ok = check_destination(mount.destination, "--mount"); !ok) {
    return fail(std::move(ok.error()));
  }
  if (auto ok = check_notify(mount, "--mount"); !ok) return fail(std::move(ok.error()));
  const auto is_tmpfs_only = [](const std::string& option) {
    return option != "ro" && option != "notify";
  };
  const bool sized = std::any_of(mount.options.begin(), mount.options.end(), is_tmpfs_only);
  if (sized && mount.type != MountType::kTmpfs) {
    return usage("--mount: size and mode belong to type=tmpfs only");
  }
  if (mount.type == MountType::kTmpfs && !mount.source.empty()) {
    return usage("--mount: a tmpfs has no source");
  }
  if (mount.type != MountType::kVirtiofs) return mount;
  if (mount.source.empty()) return usage("--mount: a host folder needs source=");
  if (auto ok = make_absolute(mount, "--mount"); !ok) return fail(std::move(ok.error()));
  return mount;
}

Result<Mount> parse_tmpfs(std::string_view text) {
  const size_t colon = text.find(':');
  Mount mount{MountType::kTmpfs, {}, std::string(text.substr(0, colon)), {}};
  if (auto ok = check_destination(mount.destination, "--tmpfs"); !ok) {
    return fail(std::move(ok.error()));
  }
  if (colon == std::string_view::npos) return mount;
  const auto applied = for_each_item(
      text.substr(colon + 1), [&](const Item& item) { return apply(mount, item, "--tmpfs"); });
  if (!applied) return fail(applied.error());
  return mount;
}

namespace {

bool is_host_path(std::string_view source) {
  return source == "." || source == ".." || source.find('/') != std::string_view::npos;
}

using Parse = Result<Mount> (*)(std::string_view text);
constexpr std::pair<const char*, Parse> kOptions[] = {
    {"tmpfs", parse_tmpfs}, {"mount", parse_mount}, {"volume", parse_volume}};

const char* type_name(MountType type) {
  switch (type) {
    case MountType::kTmpfs:
      return "tmpfs";
    case MountType::kVolume:
      return "volume";
    default:
      return "virtiofs";
  }
}

}  // namespace

Result<Mount> parse_volume(std::string_view text) {
  Mount mount{MountType::kVolume, {}, std::string(text), {}};
  if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    mount.source = text.substr(0, colon);
    const std::string_view rest = text.substr(colon + 1);
    const size_t end = rest.find(':');
    mount.destination = rest.substr(0, end);
    if (mount.source.empty()) return usage("--volume '" + std::string(text) + "' names no source");
    const auto applied = for_each_item(
        end == std::string_view::npos ? "" : rest.substr(end + 1), [&](const Item& item) -> Status {
          if (item.key == "rw" && !item.has_value) return {};
          if (item.key == "ro" && !item.has_value) return apply(mount, item, "--volume");
          if (item.key == "notify" && !item.has_value) return apply_to_mount(mount, item);
          return usage("--volume: unknown option '" + std::string(item.key) + "'");
        });
    if (!applied) return fail(applied.error());
  }
  if (auto ok = check_destination(mount.destination, "--volume"); !ok) {
    return fail(std::move(ok.error()));
  }
  if (is_host_path(mount.source)) mount.type = MountType::kVirtiofs;
  if (auto ok = check_notify(mount, "--volume"); !ok) return fail(std::move(ok.error()));
  if (mount.type != MountType::kVirtiofs) return mount;
  if (auto ok = make_absolute(mount, "--volume"); !ok) return fail(std::move(ok.error()));
  return mount;
}

Result<nlohmann::json> mount_requests(const Invocation& invocation) {
  nlohmann::json requests = nlohmann::json::array();
  for (const auto& [option, parse] : kOptions) {
    for (const std::string& text : invocation.values(option)) {
      const auto mount = parse(text);
      if (!mount) return fail(mount.error());
      requests.push_back({{"type", type_name(mount->type)},
                          {"source", mount->source},
                          {"destination", mount->destination},
                          {"options", mount->options}});
    }
  }
  return requests;
}

}  // namespace bulkhead::cli
