#include "guest/init/container_root.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "guest/core/errors.hpp"
#include "guest/init/files.hpp"
#include "guest/init/mounts.hpp"
#include "guest/init/rootfs.hpp"

namespace bulkhead::guest {
namespace {

constexpr unsigned long kQuiet = MS_NOSUID | MS_NODEV | MS_NOEXEC;

// Enters the tree and drops the old root with all that is mounted in it: "pivot_root(., .)" puts it
// on top of the new one.
Status pivot() {
  if (chdir(kRootfs) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
      umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
    return fail_now("enter the container's root");
  return {};
}

// Makes a directory of the root the working directory, without following links; creates it if it is
// missing.
Status enter_mount_point(const char* path) {
  mkdir(path, 0755);
  UniqueFd directory =
      open_below(AT_FDCWD, path, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (!directory || fchdir(directory.get()) != 0)
    return fail_now(std::string("the container's mount point ") + path);
  return {};
}

Status mount_on(const char* path, const char* type, unsigned long flags,
                const std::string& options) {
  if (auto status = enter_mount_point(path); !status) return status;
  if (mount(type, ".", type, flags, options.c_str()) != 0)
    return fail_now(std::string("mount ") + type + " on the container's " + path);
  return {};
}

Status mount_dev(const ContainerSpec& spec, const DeviceSupport& support, int devpts) {
  if (auto status = mount_on("/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=65536k");
      !status)
    return status;
  // Entered again: what is the working directory now lies below the new mount.
  if (auto status = enter_mount_point("/dev"); !status) return status;
  if (auto status = make_devices(support); !status) return status;
  if (auto status = enter_mount_point("/dev/pts"); !status) return status;
  if (move_mount(devpts, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) != 0)
    return fail_now("mount devpts on the container's /dev/pts");
  if (auto status = mount_on("/dev/mqueue", "mqueue", kQuiet, ""); !status) return status;
  return mount_on("/dev/shm", "tmpfs", kQuiet, "mode=1777,size=" + std::to_string(spec.shm_bytes));
}

Status mount_kernel_file_systems() {
  if (auto status = mount_on("/proc", "proc", kQuiet, ""); !status) return status;
  if (auto status = mount_on("/sys", "sysfs", kQuiet | MS_RDONLY, ""); !status) return status;
  return mount_on("/sys/fs/cgroup", "cgroup2", kQuiet | MS_RDONLY | MS_RELATIME, "");
}

// A user's own paths, where links of the image are followed, inside its root. An existing directory
// keeps its mode.
// "/path" or "/path:size=1048576,mode=700,ro"; the mode given wins over the directory's, because
// tmpfs takes the last one.
Status mount_tmpfs(const std::string& text) {
  size_t colon = std::min(text.find(':'), text.size());
  std::string path = text.substr(0, colon);
  std::string asked = text.substr(std::min(colon + 1, text.size()));
  unsigned long flags = MS_NOSUID | MS_NODEV;
  if (asked == "ro" || asked.ends_with(",ro")) {
    flags |= MS_RDONLY;
    asked.resize(asked.size() - (asked == "ro" ? 2 : 3));
  }
  struct stat before {};
  mode_t mode = stat(path.c_str(), &before) == 0 ? before.st_mode & 07777 : 01777;
  if (auto status = make_directories(path); !status) return status;
  char kept_mode[32];
  snprintf(kept_mode, sizeof kept_mode, "mode=%o", mode);
  std::string options = asked.empty() ? kept_mode : std::string(kept_mode) + "," + asked;
  if (mount("tmpfs", path.c_str(), "tmpfs", flags, options.c_str()) != 0)
    return fail_now("mount a tmpfs on " + path);
  return {};
}

Status set_sysctl(const std::string& key, const std::string& value) {
  std::string path = key;
  std::replace(path.begin(), path.end(), '.', '/');
  UniqueFd base(open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC));
  UniqueFd file = open_below(base.get(), path.c_str(), O_WRONLY,
                             RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (!file || write(file.get(), value.data(), value.size()) < 0)
    return fail_now("set the sysctl " + key + " to " + value);
  return {};
}

template <class List, class Step>
Status for_each(const List& list, Step step) {
  for (const auto& element : list) {
    if (Status status = step(element); !status) return status;
  }
  return {};
}

Status make_root_read_only() {
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  if (mount_setattr(AT_FDCWD, "/", 0, &read_only, sizeof read_only) != 0)
    return fail_now("make the container's root read-only");
  return {};
}

}  // namespace

Result<UniqueFd> make_devpts() {
  UniqueFd context(fsopen("devpts", FSOPEN_CLOEXEC));
  auto set = [&context](const char* key, const char* value) {
    return fsconfig(context.get(), FSCONFIG_SET_STRING, key, value, 0) == 0;
  };
  // Group 5 is tty's number in every distribution; mode 620 keeps other users' messages out.
  if (!context || !set("mode", "620") || !set("ptmxmode", "666") || !set("gid", "5") ||
      fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return fail_now("create the container's devpts");
  UniqueFd mounted(fsmount(context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
  if (!mounted) return fail_now("create the container's devpts");
  return mounted;
}

Status build_container_root(const ContainerSpec& spec, int devpts) {
  DeviceSupport support = find_devices();
  // Mount points and device nodes have the modes that are written here.
  umask(0);
  // Taken hold of before the tree they are in is left.
  auto sources = hold_sources(spec.mounts, spec.sockets);
  if (!sources) return fail(std::move(sources.error()));
  if (auto status = pivot(); !status) return status;
  if (auto status = mount_kernel_file_systems(); !status) return status;
  if (auto status = mount_dev(spec, support, devpts); !status) return status;
  if (auto status = for_each(spec.tmpfs, mount_tmpfs); !status) return status;
  if (auto status = place_sources(spec.mounts, spec.sockets, *sources); !status) return status;
  auto set = [](const auto& sysctl) { return set_sysctl(sysctl.first, sysctl.second); };
  if (auto status = for_each(spec.sysctls, set); !status) return status;
  if (auto status = for_each(spec.readonly_paths, make_read_only); !status) return status;
  if (auto status = for_each(spec.masked_paths, mask_path); !status) return status;
  if (spec.read_only) {
    if (auto status = make_root_read_only(); !status) return status;
  }
  umask(022);
  if (chdir("/") != 0) return fail_now("enter the container's root");
  return {};
}

}  // namespace bulkhead::guest
