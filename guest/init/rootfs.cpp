#include "guest/init/rootfs.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "guest/core/errors.hpp"
#include "guest/init/etc_files.hpp"
#include "guest/init/files.hpp"
#include "guest/init/virtio_devices.hpp"

namespace bulkhead::guest {
namespace {

constexpr const char* kImage = "/run/image";
constexpr const char* kWritable = "/run/writable";
constexpr const char* kUpper = "/run/writable/upper";
constexpr const char* kWork = "/run/writable/work";

Status mount_disk(const std::string& serial, const char* target, unsigned long flags,
                  const char* options) {
  auto disk = find_disk(serial);
  if (!disk) return fail(std::move(disk.error()));
  if (mount(disk->c_str(), target, "ext4", flags, options) != 0)
    return fail_now("mount the disk " + serial + " (" + *disk + ")");
  return {};
}

// The bitmaps of a disk that is mostly holes needn't be read before somebody wants them, by a
// thread of their own in the first seconds of the container.
Status mount_writable(const ContainerSpec& spec) {
  constexpr const char* kOptions = "discard,no_prefetch_block_bitmaps";
  if (spec.writable_disk) return mount_disk(*spec.writable_disk, kWritable, MS_NOATIME, kOptions);
  if (mount("tmpfs", kWritable, "tmpfs", MS_NOATIME, "mode=700") != 0)
    return fail_now("mount a tmpfs for the writable layer");
  return {};
}

// The joined root takes its owner and mode from the upper directory, so a new one takes them from
// the image's.
Status make_layer_directories() {
  struct stat image {};
  if (stat(kImage, &image) != 0) return fail_now("inspect the image's root");
  if (mkdir(kUpper, 0755) == 0) {
    if (chown(kUpper, image.st_uid, image.st_gid) != 0 || chmod(kUpper, image.st_mode & 07777) != 0)
      return fail_now("set the owner of the writable layer");
  } else if (errno != EEXIST) {
    return fail_now("create the writable layer's directory");
  }
  if (mkdir(kWork, 0700) != 0 && errno != EEXIST)
    return fail_now("create the writable layer's work directory");
  return {};
}

}  // namespace

Status mount_rootfs(const ContainerSpec& spec) {
  for (const char* directory : {kImage, kWritable, kRootfs}) mkdir(directory, 0755);
  // noload: the image's disk is read-only to its core, so a journal, should it have one, is
  // nobody's to replay.
  if (auto status = mount_disk(spec.image_disk, kImage, MS_RDONLY, "noload"); !status)
    return status;
  if (auto status = mount_writable(spec); !status) return status;
  if (auto status = make_layer_directories(); !status) return status;
  auto written = write_etc_in_layer(spec, kImage, kUpper);
  if (!written) return fail(std::move(written.error()));
  std::string options =
      std::string("lowerdir=") + kImage + ",upperdir=" + kUpper + ",workdir=" + kWork;
  if (mount("overlay", kRootfs, "overlay", 0, options.c_str()) != 0)
    return fail_now("join the image and the writable layer");
  if (!*written) return write_etc_in_tree(spec, kRootfs);
  return {};
}

// Links are the image's, and followed inside its root. Whoever needs the directory says what is
// wrong with it.
void make_directory_for_reader(const std::string& path) {
  UniqueFd root(open(kRootfs, O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (size_t slash = path.find('/', 1); root; slash = path.find('/', slash + 1)) {
    std::string made = path.substr(0, slash);
    size_t name = made.rfind('/') + 1;
    std::string parent = "." + made.substr(0, name);
    UniqueFd directory =
        open_below(root.get(), parent.c_str(), O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT);
    if (!directory) return;
    if (name < made.size()) mkdirat(directory.get(), made.c_str() + name, 0755);
    if (slash == std::string::npos) return;
  }
}

// A file that a dying process had open is released a moment after the process; nobody new can open
// one.
Status unmount(const char* target) {
  constexpr timespec kMoment{0, 2'000'000};
  for (int attempt = 0; umount2(target, 0) != 0; attempt++) {
    if (errno != EBUSY || attempt == 250) return fail_now(std::string("unmount ") + target);
    nanosleep(&kMoment, nullptr);
  }
  return {};
}

Status unmount_rootfs() {
  if (auto status = unmount(kRootfs); !status) return status;
  return unmount(kWritable);
}

}  // namespace bulkhead::guest
