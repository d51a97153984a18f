#include "volumes.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "bulkhead/printable.hpp"
#include "ext4_usage.hpp"

namespace bulkhead::storage {
namespace {

constexpr size_t kLongestName = 255;
constexpr const char* kDisk = "volume.ext4";
constexpr const char* kFolder = "data";

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= kLongestName && is_letter_or_digit(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

bool is_there(const Path& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

Result<Json> describe(const Path& volume) {
  if (const Path disk = volume / kDisk; is_there(disk))
    return Json{{"path", disk.string()}, {"bytes", size_of_file(disk)}};
  if (const Path folder = volume / kFolder; is_there(folder))
    return Json{{"path", folder.string()}, {"bytes", 0}};
  return fail(Code::kCorrupt, "the volume " + volume.filename().string() + " has lost its data");
}

Status fill(const Store& store, const VolumeRequest& request, const Path& volume) {
  if (const auto* disk = std::get_if<VolumeDisk>(&request.kind))
    return make_volume_disk(store.layout, *disk, volume / kDisk);
  if (Status made = make_directories(volume / kFolder); !made) return made;
  // As the top of a disk: it is the guest's root that decides who may do what in it.
  if (::chmod((volume / kFolder).c_str(), 0755) != 0)
    return fail_errno("open the volume's folder to its users", errno);
  return {};
}

Status check_space(const Store& store) {
  const Result<UniqueFd> folder = open_for_reading(store.layout.volumes());
  if (!folder) return tl::unexpected(folder.error());
  return check_free_space(folder->get(), store.limits.host_reserve_bytes, "a volume");
}

}  // namespace

Result<std::string> volume_name(const Json& request) {
  Result<std::string> name = string_at(request, "volume");
  if (!name || is_name(*name)) return name;
  return fail(Code::kInvalid, in_quotes(*name) + " can't be a volume's name");
}

Result<Json> create_volume(Store& store, const VolumeRequest& request) {
  const Path volume = store.layout.volume(request.name);
  if (is_there(volume)) return describe(volume);
  if (Status space = check_space(store); !space) return tl::unexpected(std::move(space.error()));
  const Path unfinished = store.layout.unfinished_volume();
  remove_tree(unfinished);
  Status made = make_directories(unfinished);
  if (made) made = fill(store, request, unfinished);
  if (made) made = rename_file(unfinished, volume);
  if (!made) {
    remove_tree(unfinished);
    return fail(std::move(made.error()).context("volume " + request.name));
  }
  return describe(volume);
}

uint64_t delete_volume(Store& store, const std::string& name) {
  return remove_tree(store.layout.volume(name));
}

std::vector<std::string> list_volumes(const Store& store) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(store.layout.volumes(), error), end;
       !error && it != end; it.increment(error)) {
    if (std::string name = it->path().filename().string(); is_name(name))
      names.push_back(std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

Json measure_volumes(const Store& store) {
  Json bytes = Json::object();
  for (const std::string& name : list_volumes(store))
    bytes[name] = allocated_bytes(store.layout.volume(name));
  return bytes;
}

Json measure_volume_contents(const Store& store) {
  Json bytes = Json::object();
  for (const std::string& name : list_volumes(store)) {
    const Path volume = store.layout.volume(name);
    // Of a disk that is in use nobody here knows better than what it takes.
    bytes[name] =
        is_there(volume / kFolder)
            ? allocated_bytes(volume / kFolder)
            : used_bytes_of_disk(volume / kDisk).value_or(allocated_bytes(volume / kDisk));
  }
  return bytes;
}

}  // namespace bulkhead::storage
