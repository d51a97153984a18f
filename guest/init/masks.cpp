// Paths that a container must not see, and paths it must not write: what runc does, by the same
// means. A file is covered by /dev/null, a directory by an empty read-only tmpfs; a read-only path
// becomes a mount of its own. What isn't there needs no mask. Paths resolve inside the container's
// root, where this runs.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "guest/core/errors.hpp"
#include "guest/init/container_root.hpp"

namespace bulkhead::guest {
namespace {

// A bind mount of source that isn't attached anywhere yet.
UniqueFd clone_mount(int source, unsigned flags) {
  return UniqueFd(
      open_tree(source, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags));
}

bool attach(int mount, int target) {
  return move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

// Not there, or not there for anybody (some of /proc answers EINVAL or ENOTDIR below files).
bool is_absent(int error) {
  return error == ENOENT || error == ENOTDIR;
}

}  // namespace

Status mask_path(const std::string& path) {
  UniqueFd target(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!target) return is_absent(errno) ? Status() : fail_now("mask " + path);
  struct stat status {};
  if (fstat(target.get(), &status) != 0) return fail_now("mask " + path);
  if (S_ISDIR(status.st_mode)) {
    if (fchdir(target.get()) != 0 ||
        mount("tmpfs", ".", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
              "size=0,nr_inodes=2,mode=755") != 0)
      return fail_now("mask " + path);
    return {};
  }
  UniqueFd null(open("/dev/null", O_PATH | O_CLOEXEC));
  UniqueFd cover = clone_mount(null.get(), 0);
  if (!cover || !attach(cover.get(), target.get())) return fail_now("mask " + path);
  return {};
}

Status make_read_only(const std::string& path) {
  UniqueFd target(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!target) return is_absent(errno) ? Status() : fail_now("make " + path + " read-only");
  UniqueFd cover = clone_mount(target.get(), AT_RECURSIVE);
  mount_attr read_only{};
  read_only.attr_set = MOUNT_ATTR_RDONLY;
  if (!cover ||
      mount_setattr(cover.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &read_only, sizeof read_only) !=
          0 ||
      !attach(cover.get(), target.get()))
    return fail_now("make " + path + " read-only");
  return {};
}

}  // namespace bulkhead::guest
