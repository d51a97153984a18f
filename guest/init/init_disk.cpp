#include "guest/init/init_disk.hpp"

#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "guest/core/errors.hpp"
#include "guest/init/virtio_devices.hpp"

namespace bulkhead::guest {
namespace {

constexpr const char* kInit = "/sbin/init";
constexpr const char* kPlace = "/root";  // the kernel's own initramfs has it

}  // namespace

bool is_initramfs() {
  struct statfs root {};
  return statfs("/", &root) == 0 && (root.f_type == RAMFS_MAGIC || root.f_type == TMPFS_MAGIC);
}

Status enter_init_disk() {
  mkdir("/sys", 0755);
  mkdir("/dev", 0755);
  if (mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0 ||
      mount("devtmpfs", "/dev", "devtmpfs", 0, nullptr) != 0)
    return fail_now("look for the init image's disk");
  auto disk = find_disk("init");
  if (!disk) return fail(std::move(disk.error()));
  mkdir(kPlace, 0755);
  if (mount(disk->c_str(), kPlace, "ext4", MS_RDONLY, "noload") != 0 || chdir(kPlace) != 0 ||
      mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || chroot(".") != 0)
    return fail_now("enter the init image");
  execl(kInit, kInit, nullptr);
  return fail_now(std::string("the init image's ") + kInit);
}

}  // namespace bulkhead::guest
