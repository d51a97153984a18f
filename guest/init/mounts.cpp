#include "guest/init/mounts.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string>

#include "guest/core/errors.hpp"
#include "guest/init/container_sockets.hpp"
#include "guest/init/destination.hpp"
#include "guest/init/files.hpp"
#include "guest/init/rootfs.hpp"
#include "guest/init/tree_copy.hpp"
#include "guest/init/virtio_devices.hpp"

namespace bulkhead::guest {
namespace {

constexpr const char* kMounts = "/run/mounts";
// A large message carries a large read in one turn through the host.
constexpr const char* k9pOptions = "trans=virtio,version=9p2000.L,msize=512000,cache=mmap";
// The longest request of virtio-fs.
constexpr const char* kReadAheadKib = "1024";

std::string place_of(size_t index) {
  return std::string(kMounts) + "/" + std::to_string(index);
}

// A share may be given twice, to two destinations; its tag can be mounted only once.
size_t first_of(const std::vector<MountSpec>& mounts, size_t index) {
  for (size_t i = 0; i < index; ++i) {
    if (mounts[i].type == mounts[index].type && mounts[i].source == mounts[index].source) return i;
  }
  return index;
}

// What one destination may only read, another may write.
bool is_read_only(const std::vector<MountSpec>& mounts, const MountSpec& spec) {
  return std::all_of(mounts.begin(), mounts.end(), [&spec](const MountSpec& one) {
    return one.type != spec.type || one.source != spec.source || one.read_only;
  });
}

Status mount_disk(const MountSpec& spec, const std::string& place, bool read_only) {
  auto disk = find_disk(spec.source);
  if (!disk) return fail(std::move(disk.error()));
  // A disk that can't be written to can't have its journal replayed; whoever wrote it last will.
  const char* options =
      read_only ? "noload" : "discard,errors=remount-ro,no_prefetch_block_bitmaps";
  if (mount(disk->c_str(), place.c_str(), "ext4", read_only ? MS_RDONLY : 0, options) != 0)
    return fail_now("mount the volume of " + spec.destination);
  return {};
}

// Linux reads ahead 128 KiB, of which each costs a way through the host.
void read_far_ahead(const std::string& place) {
  struct stat what {};
  if (stat(place.c_str(), &what) != 0) return;
  const std::string setting = "/sys/class/bdi/" + std::to_string(major(what.st_dev)) + ":" +
                              std::to_string(minor(what.st_dev)) + "/read_ahead_kb";
  (void)write_kernel_file(setting.c_str(), kReadAheadKib);  // without it, it is only slower
}

Status mount_share(const MountSpec& spec, const std::string& place, bool read_only) {
  const char* type = spec.virtiofs ? "virtiofs" : "9p";
  const char* options = spec.virtiofs ? nullptr : k9pOptions;
  if (mount(spec.source.c_str(), place.c_str(), type, read_only ? MS_RDONLY : 0, options) != 0)
    return fail_now("mount the host's folder of " + spec.destination);
  if (spec.virtiofs) read_far_ahead(place);
  return {};
}

// The image's content of the place, if the volume has nothing yet.
Status fill(const MountSpec& spec, const std::string& place) {
  if (!spec.copy_up || spec.read_only || !is_empty_directory(place)) return {};
  UniqueFd root(open(kRootfs, O_PATH | O_DIRECTORY | O_CLOEXEC));
  UniqueFd from =
      open_below(root.get(), spec.destination.c_str() + 1, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT);
  if (!from) return {};  // the image has nothing there
  if (auto status = copy_tree(from.get(), place); !status)
    return fail(std::move(status.error()).context("fill the volume of " + spec.destination));
  return {};
}

auto depth_of(const std::string& path) {
  return std::count(path.begin(), path.end(), '/');
}

Result<UniqueFd> new_tmpfs(const MountSpec& spec) {
  UniqueFd context(fsopen("tmpfs", FSOPEN_CLOEXEC));
  auto set = [&context](const char* key, const std::string& value) {
    return fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
  };
  char mode[16];
  snprintf(mode, sizeof mode, "%o", spec.mode.value_or(01777));
  if (!context || !set("source", "tmpfs") || !set("mode", mode) ||
      (spec.size_bytes != 0 && !set("size", std::to_string(spec.size_bytes))) ||
      fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return fail_now("make a tmpfs for " + spec.destination);
  UniqueFd mounted(fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  if (!mounted) return fail_now("make a tmpfs for " + spec.destination);
  return mounted;
}

Result<UniqueFd> hold_path(const std::string& path, const std::string& destination) {
  UniqueFd tree(
      open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW));
  if (!tree) return fail_now("take hold of what " + destination + " shows");
  return tree;
}

Result<UniqueFd> hold(const std::vector<MountSpec>& mounts, size_t index) {
  const MountSpec& spec = mounts[index];
  if (spec.type == MountSpec::Type::kTmpfs) return new_tmpfs(spec);
  std::string path = place_of(first_of(mounts, index));
  if (!spec.file.empty()) path += "/" + spec.file;
  return hold_path(path, spec.destination);
}

Status limit(const MountSpec& spec, int tree) {
  mount_attr attributes{};
  // Devices of a folder that others can write to are nobody's; a volume's may be the container's.
  if (spec.type == MountSpec::Type::kShare) attributes.attr_set |= MOUNT_ATTR_NODEV;
  if (spec.read_only) attributes.attr_set |= MOUNT_ATTR_RDONLY;
  if (attributes.attr_set != 0 &&
      mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
    return fail_now("limit what can be done in " + spec.destination);
  return {};
}

}  // namespace

Status mount_sources(const std::vector<MountSpec>& mounts) {
  if (mounts.empty()) return {};
  mkdir(kMounts, 0700);
  for (size_t i = 0; i < mounts.size(); ++i) {
    const MountSpec& spec = mounts[i];
    if (spec.type == MountSpec::Type::kTmpfs) continue;
    std::string place = place_of(first_of(mounts, i));
    Status status;
    // That it is there already is another destination's doing.
    if (mkdir(place.c_str(), 0700) == 0) {
      bool read_only = is_read_only(mounts, spec);
      status = spec.type == MountSpec::Type::kDisk ? mount_disk(spec, place, read_only)
                                                   : mount_share(spec, place, read_only);
    }
    if (status) status = fill(spec, place);
    if (!status) return status;
  }
  return {};
}

void unmount_sources() {
  DIR* directory = opendir(kMounts);
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) {
    std::string place = std::string(kMounts) + "/" + entry->d_name;
    if (entry->d_name[0] == '.') continue;
    if (!unmount(place.c_str())) umount2(place.c_str(), MNT_DETACH);
    rmdir(place.c_str());
  }
  closedir(directory);
}

Result<std::vector<UniqueFd>> hold_sources(const std::vector<MountSpec>& mounts,
                                           const std::vector<SocketSpec>& sockets) {
  std::vector<UniqueFd> trees;
  for (size_t i = 0; i < mounts.size(); ++i) {
    auto tree = hold(mounts, i);
    if (!tree) return fail(std::move(tree.error()));
    if (auto status = limit(mounts[i], tree->get()); !status)
      return fail(std::move(status.error()));
    trees.push_back(std::move(*tree));
  }
  for (const SocketSpec& socket : sockets) {
    if (!socket.to_host) continue;
    auto tree = hold_path(listener_path(socket.id), socket.path);
    if (!tree) return fail(std::move(tree.error()));
    trees.push_back(std::move(*tree));
  }
  return trees;
}

Status place_sources(const std::vector<MountSpec>& mounts, const std::vector<SocketSpec>& sockets,
                     const std::vector<UniqueFd>& sources) {
  struct Place {
    std::string path;
    bool file;
    int source;
  };
  std::vector<Place> places;
  for (const MountSpec& spec : mounts)
    places.push_back({spec.destination, !spec.file.empty(), sources[places.size()].get()});
  for (const SocketSpec& socket : sockets) {
    if (socket.to_host) places.push_back({socket.path, true, sources[places.size()].get()});
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return depth_of(a.path) < depth_of(b.path);
  });
  UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const Place& place : places) {
    auto target = make_destination(root.get(), place.path, place.file);
    if (!target) return fail(std::move(target.error()));
    if (move_mount(place.source, "", target->get(), "",
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
      return fail_now("mount " + place.path);
  }
  return {};
}

}  // namespace bulkhead::guest
