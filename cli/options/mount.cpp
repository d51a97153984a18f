#include "options/mount.hpp"

#include <algorithm>

#include "command/table.hpp"
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
  } else {
    return apply(mount, item, "--mount");
  }
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
  const auto is_tmpfs_only = [](const std::string& option) { return option != "ro"; };
  const bool sized = std::any_of(mount.options.begin(), mount.options.end(), is_tmpfs_only);
  if (sized && mount.type != MountType::kTmpfs) {
    return usage("--mount: size and mode belong to type=tmpfs only");
  }
  if (mount.type == MountType::kTmpfs && !mount.source.empty()) {
    return usage("--mount: a tmpfs has no source");
  }
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

Status check_available(const Mount& mount) {
  switch (mount.type) {
    case MountType::kTmpfs:
      return {};
    case MountType::kVolume:
      return fail(Code::kUnsupported,
                  "--mount type=volume needs a volume; volumes are not available in this version");
    case MountType::kVirtiofs:
      break;
  }
  return fail(
      Code::kUnsupported,
      "--mount of a host folder needs folder sharing; it is not available in this version",
      "Only type=tmpfs can be mounted; put files into an image with 'container image import'.");
}

}  // namespace bulkhead::cli
