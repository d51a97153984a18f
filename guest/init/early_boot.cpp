#include "guest/init/early_boot.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "guest/core/errors.hpp"
#include "guest/init/cgroup.hpp"
#include "guest/init/files.hpp"

namespace bulkhead::guest {
namespace {

// As many descriptors as a process of the container may ask for; each sets its own limits before it
// starts.
constexpr rlim_t kDescriptors = 1 << 20;

Status mount_at(const char* type, const char* target, unsigned long flags, const char* options) {
  mkdir(target, 0755);
  if (mount(type, target, type, flags, options) != 0)
    return fail_now(std::string("mount ") + type + " on " + target);
  return {};
}

Status replace_root() {
  if (auto status = mount_at("tmpfs", "/root", 0, "mode=755,size=1m"); !status) return status;
  if (chdir("/root") != 0 || mount(".", "/", nullptr, MS_MOVE, nullptr) != 0 || chroot(".") != 0 ||
      chdir("/") != 0)
    return fail_now("replace the initramfs as root");
  return {};
}

Status raise_loopback() {
  UniqueFd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (!any || ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) return fail_now("bring up lo");
  return {};
}

}  // namespace

std::string read_command_line() {
  mkdir("/proc", 0555);
  mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  return read_kernel_file("/proc/cmdline");
}

bool has_word(const std::string& command_line, const char* word) {
  size_t size = strlen(word);
  for (size_t at = command_line.find(word); at != std::string::npos;
       at = command_line.find(word, at + 1)) {
    bool begins = at == 0 || command_line[at - 1] == ' ';
    bool ends = at + size == command_line.size() || strchr(" \n", command_line[at + size]);
    if (begins && ends) return true;
  }
  return false;
}

Status prepare_machine() {
  constexpr unsigned long kPlain = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (auto status = replace_root(); !status) return status;
  if (auto status = mount_at("proc", "/proc", kPlain, nullptr); !status) return status;
  if (auto status = mount_at("sysfs", "/sys", kPlain, nullptr); !status) return status;
  if (auto status = mount_at("devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, nullptr); !status)
    return status;
  if (auto status = mount_at("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755"); !status)
    return status;
  rlimit descriptors{kDescriptors, kDescriptors};
  setrlimit(RLIMIT_NOFILE, &descriptors);
  if (auto status = prepare_cgroups(); !status) return status;
  return raise_loopback();
}

}  // namespace bulkhead::guest
